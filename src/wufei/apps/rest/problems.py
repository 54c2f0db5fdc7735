"""Problems (RFC 9457): the one shape of everything that is refused, with all faults at once and what to do.

Invariant: a problem names its kind by a stable path, ``/api/v1/problems/<code>``, and every fault in it has a Chinese
sentence that says what is wrong and one that says what to do.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import HttpError, ValidationError

from wufei.apps.rest.reference import limits, problem_kinds, validation_words
from wufei.core.findings import Finding, Level, Refused

MEDIA_TYPE = "application/problem+json"
BASE = "/api/v1/problems/"
Fault = dict[str, object]
MOST_FAULTS = 1_000  # told of one request; no one reads more, and each weighs many times what it was sent as
_LONGEST = 60  # characters of a value that are shown


class Problem(Exception):
    """Ends a request with a problem of the kind ``code`` (``data/rest/problems.csv``)."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = problem_kinds()[code]
        self.detail = detail or self.kind.explanation
        self.errors = list(errors)
        self.headers = dict(headers or {})
        super().__init__(self.detail)


def answer(problem: Problem) -> HttpResponse:
    """The problem as an answer."""
    kind = problem.kind
    body: dict[str, object] = {
        "type": BASE + kind.code,
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "code": kind.code,
    }
    if problem.errors:
        body["errors"] = problem.errors
    headers = dict(problem.headers)
    if kind.status == 401:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="wufei"')
    if kind.status in {409, 503} and kind.code != "conflict":
        headers.setdefault("Retry-After", str(limits().retry_after_s))
    # A lone surrogate of the sender's may stand in a message: it becomes a question mark.
    content = json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return HttpResponse(content, status=kind.status, content_type=MEDIA_TYPE, headers=headers)


def fault(pointer: str, code: str, detail: str, remedy: str, *, parameter: str = "", **more: object) -> Fault:
    """One fault of a problem; what is empty in ``more`` (line, stage, curer) is left out."""
    told: Fault = {"pointer": pointer, "code": code, "detail": detail, "remedy": remedy}
    if parameter:
        told["parameter"] = parameter
    return told | {name: value for name, value in more.items() if value not in (None, "")}


def fault_of(finding: Finding) -> Fault:
    """A finding as a fault. Findings of checks may also say their ``pointer``, ``stage`` and ``curer``."""
    pointer = getattr(finding, "pointer", "") or finding.field
    if pointer and not pointer.startswith("/"):
        pointer = f"/{_escaped(pointer)}"
    return fault(
        pointer,
        finding.code,
        finding.what,
        finding.remedy,
        line=finding.line,
        level=finding.level.value if finding.level != Level.ERROR else None,
        stage=getattr(finding, "stage", None),
        curer=getattr(finding, "curer", None),
    )


def of_refused(refused: Refused) -> Problem:
    """The problem of a refusal: all its findings."""
    return Problem("refused", str(refused), errors=[fault_of(finding) for finding in refused.findings])


def of_exception(error: Exception) -> Problem | None:
    """The problem that ``error`` stands for; ``None`` where it is our own mistake."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        return of_refused(error)
    if isinstance(error, Http404):
        return Problem("not_found")
    if isinstance(error, HttpError):
        cause = error.__cause__
        if isinstance(cause, Problem):
            return cause
        code = {400: "bad_json", 401: "unauthenticated", 403: "csrf", 404: "not_found", 409: "conflict"}
        return Problem(code.get(error.status_code, "bad_request"))
    return None


def of_validation(request: HttpRequest, error: ValidationError) -> Problem:
    """The problem of what does not fit the documented shape: every fault with its place, as far as they are told."""
    body = _body_of(request)
    faults = [_validation_fault(entry, body) for entry in error.errors[:MOST_FAULTS]]
    first, more = faults[0], len(error.errors) - 1
    where = first.get("parameter") or first["pointer"] or "内容"
    detail = f"{where}：{first['detail']}{first['remedy']}" + (f"（另有 {more} 处问题）" if more else "")
    return Problem("invalid", detail, errors=faults)


def pydantic_fault(entry: Mapping[str, Any], pointer: str, parameter: str = "") -> Fault:
    """One fault that pydantic found, in Chinese: the value found, what is allowed, what to do."""
    kind, context = str(entry["type"]), dict(entry.get("ctx") or {})
    if "expected" in context:
        context["expected"] = re.sub(r"'([^']*)'", r"\1", str(context["expected"]).replace(" or ", ", "))
    what, remedy = validation_words().get(kind, ("不符合要求。", "请对照接口文档改正。"))
    if kind in {"value_error", "assertion_error"}:
        what, remedy = str(context.get("error", "不符合要求。")), ""
    else:
        what = what.format_map(_Plain(context))
        remedy = remedy.format_map(_Plain(context))
    shown = (
        "" if kind in {"missing", "value_error"} or "input" not in entry else f"现值 {shown_value(entry['input'])}，"
    )
    return fault(pointer, kind, shown + what, remedy, parameter=parameter)


class _Plain(dict[str, object]):
    """Context of a message: a name that is not there stays empty."""

    def __missing__(self, key: str) -> str:
        return ""


def shown_value(value: object) -> str:
    """A value as a message shows it: short, in JSON."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def pointer_of(parts: Sequence[str | int], body: object) -> str:
    """The JSON pointer of a place that pydantic names; what is not in the body (names of variants) is left out."""
    pointer, here = "", body
    for index, part in enumerate(parts):
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif not (isinstance(here, dict) and index == len(parts) - 1 and isinstance(part, str)):
            continue
        pointer += f"/{_escaped(str(part))}"
    return pointer


def _validation_fault(entry: Mapping[str, Any], body: object) -> Fault:
    source, *parts = entry["loc"]
    if source != "body":
        return pydantic_fault(entry, "", parameter=str(parts[0]) if parts else source)
    return pydantic_fault(entry, pointer_of(parts, body))


def _body_of(request: HttpRequest) -> object:
    try:
        return json.loads(request.body)
    except Exception:  # noqa: BLE001 - a form, or read already: its faults have no place inside a JSON body
        return None


def _escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")
