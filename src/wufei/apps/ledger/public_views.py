"""The chain in public (``/transparency/``): open to everyone, and it shows nothing of anyone."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.ledger.listing import tonnes
from wufei.apps.ledger.published import published_checkpoints, published_key, published_lines
from wufei.core.ledger import SHANGHAI
from wufei.core.ledger_rules import bucket_names, kinds
from wufei.core.proof import KEY_BYTES, LARGEST, ProvenMovement, Verdict, check_proofs, read_key

SHOWN = 100  # proven movements of one answer
_SPARE = 64 * 1024  # what a form adds to the file in it
_LONGEST_NUMBER = 18  # digits


@dataclass(frozen=True, slots=True)
class ProvenRow:
    """A proven movement as the page shows it."""

    key: str
    kind: str
    source: str
    target: str
    tonnes: str
    occurred_at: str
    document: str
    checkpoint: int


def _number(text: str) -> int | None:
    """A number of an address; ``None`` where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The signed checkpoints, newest first, and how to check a proof."""
    return _page(request)


@require_safe
def lines(request: HttpRequest) -> StreamingHttpResponse:
    """All checkpoints as JSON lines, oldest first."""
    after = _number(request.GET.get("after", "")) or 0
    answer = StreamingHttpResponse(published_lines(after), content_type="application/jsonl; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="checkpoints.jsonl"'
    return answer


# No token: it changes nothing, and with one the body would be read before its size is looked at.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponseBase:
    """Check a proof that is pasted or handed in as a file, from its own bytes and the public key alone."""
    if request.method != "POST":
        return _page(request)
    if not _fits(request):
        problem = f"证明太大，最多 {LARGEST // 1024**2} MB。请用 wufei proof check 分几份核对。"
        return _page(request, status=413, problem=problem)
    given = request.FILES.get("file")
    raw = given.read() if given else request.POST.get("proof", "").encode()
    asked = request.POST.get("public_key", "").strip()[:200]
    if not raw.strip():
        return _page(request, status=422, asked=asked, problem="没有证明。请粘贴证明，或选择证明文件。")
    try:
        key = read_key(asked) if asked else published_key()
    except ValueError:
        return _page(request, status=422, asked=asked, problem=f"公钥应为 {2 * KEY_BYTES} 位十六进制。请核对。")
    verdict = check_proofs(raw, public_key=key)
    return _page(request, status=200 if verdict.holds else 422, asked=asked, verdict=verdict)


def _fits(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isascii() and length.isdecimal() and int(length) <= LARGEST + _SPARE


def _page(
    request: HttpRequest, *, status: int = 200, asked: str = "", problem: str = "", verdict: Verdict | None = None
) -> HttpResponse:
    rows, following = published_checkpoints(_number(request.GET.get("before", "")))
    context = {
        "checkpoints": rows,
        "following": following,
        "is_first": "before" not in request.GET,
        "key": rows[0].public_key if rows else "",
        "asked": asked,
        "problem": problem,
        "verdict": verdict,
        "proven": [_row(movement) for movement in verdict.movements[:SHOWN]] if verdict else [],
    }
    return render(request, "ledger/transparency.html", context, status=status)


def _row(movement: ProvenMovement) -> ProvenRow:
    known = kinds().get(movement.kind)
    return ProvenRow(
        key=movement.key,
        kind=known.name if known else movement.kind,
        source=_account(movement.source),
        target=_account(movement.target),
        tonnes=tonnes(movement.mass_g),
        occurred_at=movement.occurred_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        document=movement.document,
        checkpoint=movement.checkpoint,
    )


def _account(name: str) -> str:
    """An account as the digests name it, ``holder|code|bucket|method``, with the bucket in Chinese."""
    holder, *rest = name.split("|")
    return " · ".join(part for part in (holder, *(bucket_names().get(part, part) for part in rest)) if part)
