"""What phones ask for: the page itself, its service worker, and the few addresses by which it syncs.

A phone that is known says who it is by a signature over each request (``devices.known_phone``), not by a session: the
session may have ended while there was no signal. Such addresses answer JSON and need no CSRF token: no cookie counts.
"""

import json
from collections.abc import Callable
from functools import cache, wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps.field import services
from wufei.apps.field.devices import Asked, Registration, UnknownPhone, is_revoked, known_phone, may_register
from wufei.apps.field.models import FieldDevice
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.core.findings import Refused

MODULES = ("app", "api", "camera", "chain", "db", "keys", "receipt", "screens", "sync", "ui")
WORKER = "js/field/sw.js"
FILES = (
    "css/field.css",
    *(f"js/field/{name}.js" for name in MODULES),
    "img/wufei.svg",
    "vendor/zxing/es/reader/index.js",
    "vendor/zxing/es/share.js",
    "vendor/zxing/reader/zxing_reader.wasm",
)
# As the site's policy, with what the camera and the reader of codes need: WebAssembly, pictures and film from memory.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)


def _content(name: str) -> bytes:
    path = finders.find(name)
    if not isinstance(path, str):
        return b""  # a browser library that is not set up: the page says so itself
    with open(path, "rb") as file:
        return file.read()


@cache
def _version_once() -> str:
    digest = sha256()
    for name in (*FILES, WORKER):
        digest.update(name.encode() + b"\0" + sha256(_content(name)).digest())
    digest.update(render_shell().encode())
    return digest.hexdigest()[:16]


def version() -> str:
    """What the phone's copy of the page is called: changes with every file that it keeps."""
    if settings.DEBUG:
        _version_once.cache_clear()
    return _version_once()


def render_shell(request: HttpRequest | None = None) -> str:
    """The page without anything of anyone: it is kept on the phone."""
    from django.template.loader import render_to_string

    addresses = {name: reverse(f"field:{name}") for name in ("me", "register", "sync", "day", "worker")}
    addresses |= {"login": reverse("account_login"), "home": reverse("field:home")}
    return render_to_string("field/app.html", {"addresses": json.dumps(addresses), "zxing": static("vendor/zxing/")})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The page for phones; the same for everyone."""
    answer = HttpResponse(render_shell())
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Permissions-Policy"] = "camera=(self)"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the names of the files that it keeps. Its address decides its scope: ``/field/``."""
    kept = {"version": version(), "home": reverse("field:home"), "files": [static(name) for name in FILES]}
    head = f"const KEPT = {json.dumps(kept)};\n".encode()
    answer = HttpResponse(head + _content(WORKER), content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


@require_safe
def web_manifest(request: HttpRequest) -> HttpResponse:
    """Lets the page be put on the phone's home screen."""
    return JsonResponse(
        {
            "name": "无废外业",
            "short_name": "无废外业",
            "start_url": reverse("field:home"),
            "scope": reverse("field:home"),
            "display": "standalone",
            "lang": "zh-Hans",
            "background_color": "#ffffff",
            "theme_color": "#0b5d3b",
            "icons": [{"src": static("img/wufei.svg"), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
    )


# --- With a session: making a phone known -------------------------------------------------------------------------


@require_safe
@login_required
@ensure_csrf_cookie
def me(request: HttpRequest) -> HttpResponse:
    """Who is logged in, for a phone that is not known yet."""
    user = request.user
    if not isinstance(user, User) or user.role not in FIRM_ROLES:
        raise Http404
    firm = user.organisation.name if user.organisation else ""
    return JsonResponse({"name": str(user), "organisation": firm, "may_register": may_register(user)})


@require_POST
@login_required
def register(request: HttpRequest) -> HttpResponse:
    """Make the phone known by its public key."""
    user = request.user
    if not isinstance(user, User) or user.role not in FIRM_ROLES:
        raise Http404
    sent = _json(request)
    texts = {name: sent.get(name) for name in ("name", "algorithm", "public_key", "signature")}
    asked = Registration(**{name: text if isinstance(text, str) else "" for name, text in texts.items()})
    try:
        device = services.register_device(user, asked, at=timezone.now())
    except Refused as error:
        return _refused(error)
    return JsonResponse({"device": device.code, "name": device.name}, status=201)


# --- With the phone's signature -----------------------------------------------------------------------------------

PhoneView = Callable[..., HttpResponse]


def for_phones(view: PhoneView) -> PhoneView:
    """Let the view see the phone that signed the request; who has not signed is told why, and nothing else."""

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, **values: Any) -> HttpResponse:
        at = timezone.now()
        asked = Asked(
            device=request.headers.get("Field-Device", ""),
            at=request.headers.get("Field-Time", "")[:40],
            signature=request.headers.get("Field-Signature", ""),
            method=request.method or "",
            path=request.get_full_path(),
            body=request.body,
        )
        try:
            device = known_phone(asked, at=at)
        except UnknownPhone as error:
            told = {"code": error.code, "what": error.what, "server_time": at.isoformat()}
            return JsonResponse(told, status=401)
        return view(request, device=device, at=at, **values)

    return wrapped


@require_POST
@for_phones
def sync(request: HttpRequest, *, device: FieldDevice, at: Any) -> HttpResponse:
    """Take in events and say what became of those that the phone asks about."""
    sent = _json(request)
    asked = sent.get("ask")
    digests = [d for d in asked if isinstance(d, str)][:500] if isinstance(asked, list) else []
    return JsonResponse(services.sync_phone(device, sent.get("events", []), digests, at=at))


@require_safe
@for_phones
def day(request: HttpRequest, *, device: FieldDevice, at: Any) -> HttpResponse:
    """What the phone takes along for today."""
    if is_revoked(device):
        return JsonResponse({"code": "revoked", "what": "这部手机已经停用。"}, status=403)
    return JsonResponse(services.day_of(device, at=at))


@require_http_methods(["GET", "HEAD", "POST"])
@for_phones
def photo(request: HttpRequest, *, device: FieldDevice, at: Any, digest: str) -> HttpResponse:
    """How much of a picture is here; with POST, a further part of it."""
    if request.method != "POST":
        return JsonResponse({"received": services.received_bytes(digest)})
    offset = request.GET.get("offset", "")
    if not offset.isdecimal() or len(offset) > 9:
        return JsonResponse({"code": "bad_offset", "what": "offset 应为非负整数。"}, status=400)
    try:
        received = services.take_photo(
            device, digest, offset=int(offset), content=request.body, is_last="last" in request.GET, at=at
        )
    except Refused as error:
        return _refused(error)
    return JsonResponse({"received": received})


def _json(request: HttpRequest) -> dict[str, Any]:
    """The body as an object; empty where it is none."""
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _refused(error: Refused) -> JsonResponse:
    return JsonResponse({"code": "refused", "findings": [f.as_dict() for f in error.findings]}, status=422)
