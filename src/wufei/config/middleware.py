"""What every answer carries, and what no address may hold."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from wufei.apps.rest.problems import MEDIA_TYPE, Problem, answer

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Tabler's style sheet draws its small icons from data: addresses
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)


class ContentSecurityPolicy:
    """Allows nothing but our own files: no inline script or style, no other host (no internet is assumed)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class NoNul:
    """Takes NUL characters out of an address: nobody types one, and PostgreSQL takes none in a text.

    In the query it is left out of account, as all that is asked wrongly; there is no page with one in its path.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = query.replace("%00", "").replace("\0", "")
        return self.get_response(request)


class PrivatePages:
    """Keeps what a person was shown out of shared caches, and out of reach of the back button after logout."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class ProblemsOfInterface:
    """Answers with a problem (RFC 9457) what Django itself refuses below ``/api/``: no address, no such method."""

    CODES = {400: "bad_request", 403: "csrf", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    KEPT = ("Allow", "Retry-After", "WWW-Authenticate")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path_info.startswith("/api/") or response.status_code < 400:
            return response
        if response.headers.get("Content-Type", "") == MEDIA_TYPE:
            return response
        code = self.CODES.get(response.status_code, "server_error" if response.status_code != 503 else "unavailable")
        kept = {name: response.headers[name] for name in self.KEPT if name in response.headers}
        detail = ""
        if code == "method_not_allowed":
            detail = f"这个地址不能用 {request.method}，可用：{kept.get('Allow', '')}。请改用允许的方法。"
        return answer(Problem(code, detail, headers=kept))
