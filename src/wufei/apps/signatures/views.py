"""Pages of the signatures: my keys, delegations, and signing by a one-time code."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps.registry.models import User
from wufei.apps.signatures import selectors, services
from wufei.apps.signatures.codes import find_code, why_dead
from wufei.apps.signatures.forms import DelegationForm, PartyForm, RedeemForm
from wufei.apps.signatures.qr import qr_svg
from wufei.apps.signatures.reference import limits, slot_name
from wufei.apps.signatures.requests import request_evidence
from wufei.apps.signatures.reveal import reveal_evidence
from wufei.apps.signatures.subjects import Asked, kind_of
from wufei.apps.web import uploaded_bytes
from wufei.core.findings import Finding, Refused

BIGGEST_ID = 2**63


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands before
    return request.user


def _tell(request: HttpRequest, refused: Refused) -> None:
    for finding in refused.findings:
        messages.error(request, finding.what + finding.remedy)


def _known(pk: int) -> int:
    if pk >= BIGGEST_ID:
        raise Http404
    return pk


# --- Keys and devices ---------------------------------------------------------------------------------------------


@login_required
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """My keys and devices."""
    return render(request, "signatures/keys.html", {"rows": selectors.key_rows(request.user)})


@login_required
@require_safe
def identity(request: HttpRequest) -> HttpResponse:
    """What a device needs to make a statement: how I am named in it, and the keys of my devices."""
    return JsonResponse(selectors.identity(_user(request)))


@login_required
@require_POST
def register_key(request: HttpRequest) -> HttpResponse:
    """Make the public key of a device known; answers in JSON, for the script that made the key."""
    try:
        public_key = bytes.fromhex(request.POST.get("public_key", ""))
    except ValueError:
        public_key = b""
    try:
        key = services.register_device_key(
            user=_user(request),
            device=request.POST.get("device", "").replace("\0", ""),
            algorithm=request.POST.get("algorithm", ""),
            public_key=public_key,
            at=timezone.now(),
        )
    except Refused as refused:
        return JsonResponse({"findings": [finding.as_dict() for finding in refused.findings]}, status=422)
    return JsonResponse({"id": key.key_id, "device": key.device, "algorithm": key.algorithm}, status=201)


@login_required
@require_POST
def change_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a device of mine, or revoke a key of mine."""
    user = _user(request)
    key = get_object_or_404(selectors.visible_keys(user), pk=_known(pk))
    try:
        if request.POST.get("action") == "revoke":
            services.revoke_key(key, actor=user.username, at=timezone.now())
            messages.success(request, _("密钥已吊销。此前的签名仍然有效。"))
        else:
            device = request.POST.get("device", "").replace("\0", "")
            services.rename_device(key, device=device, at=timezone.now())
            messages.success(request, _("设备名称已更改。"))
    except Refused as refused:
        _tell(request, refused)
    return redirect("signatures:keys")


# --- Delegations --------------------------------------------------------------------------------------------------


@login_required
@require_safe
def delegations(request: HttpRequest) -> HttpResponse:
    """Delegations that my firm or I gave or were given."""
    after = request.GET.get("after", "")
    behind = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
    rows, more = selectors.delegation_rows(request.user, today=timezone.localdate(), after=behind)
    here = reverse("signatures:delegations")
    context = {
        "rows": rows,
        "may_delegate": selectors.may_delegate(request.user),
        "first_url": here if behind else "",
        "next_url": f"{here}?after={more}" if more else "",
    }
    return render(request, "signatures/delegations.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def give_delegation(request: HttpRequest) -> HttpResponse:
    """Let someone sign for my firm."""
    user = _user(request)
    if not selectors.may_delegate(user) or user.organisation is None:
        raise Http404
    today = timezone.localdate()
    if request.method != "POST":
        form = DelegationForm(initial={"valid_from": today, "valid_until": today + timedelta(days=365)})
        return render(request, "signatures/give_delegation.html", {"form": form, "firm": user.organisation})
    form = DelegationForm(request.POST, request.FILES)
    findings: list[Finding] = []
    if form.is_valid():
        cleaned = form.cleaned_data
        new = services.NewDelegation(
            receiver=cleaned["receiver"],
            slots=tuple(cleaned["slots"]),
            profiles=tuple(cleaned["profiles"]),
            valid_from=cleaned["valid_from"],
            valid_until=cleaned["valid_until"],
        )
        try:
            file = cleaned["evidence"]
            evidence = services.Evidence(file.name, uploaded_bytes(file)) if file else None
            services.give_delegation(giver=user.organisation, new=new, evidence=evidence, by=user, at=timezone.now())
        except Refused as refused:
            findings = refused.findings
        else:
            messages.success(request, _("委托已登记。"))
            return redirect("signatures:delegations")
    context = {"form": form, "firm": user.organisation, "findings": findings}
    return render(request, "signatures/give_delegation.html", context, status=422)


@login_required
@require_POST
def revoke_delegation(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a delegation of my firm back."""
    user = _user(request)
    row = get_object_or_404(selectors.visible_delegations(user), pk=_known(pk))
    if not selectors.may_delegate(user) or row.giver_id != user.organisation_id:
        raise Http404
    services.revoke_delegation(row, by=user, at=timezone.now())
    messages.success(request, _("委托已收回。此前的签名仍然有效。"))
    return redirect("signatures:delegations")


@login_required
@require_safe
def delegation_evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """The file that shows a delegation."""
    rows = selectors.visible_delegations(request.user).select_related("evidence")
    file = get_object_or_404(rows, pk=_known(pk)).evidence
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name) or ""}
    return HttpResponse(bytes(file.content), content_type=file.content_type, headers=headers)


# --- Personal data of a signature ---------------------------------------------------------------------------------


@login_required
@require_POST
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Address and device of a signature in full; who looks leaves a fact."""
    user = _user(request)
    row = get_object_or_404(selectors.visible_signatures(user), pk=_known(pk))
    shown = reveal_evidence(row, by=user, at=timezone.now())
    return render(request, "signatures/reveal.html", {"row": row, "lines": shown, "slot": slot_name(row.slot)})


def _asked(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "")[: 40 if name != "subject" else 120]


# --- One-time codes -----------------------------------------------------------------------------------------------


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def issue_code(request: HttpRequest) -> HttpResponse:
    """The host's screen: what is to be signed, then link and code for the party without account."""
    user = _user(request)
    subject, slot, event = (_asked(request, name) for name in ("subject", "slot", "event"))
    asked = Asked(subject, slot, event, {})
    kind = kind_of(asked.subject)
    if kind is None or not kind.may_host(user, asked):
        raise Http404
    summary = kind.summary(asked)
    if summary is None:
        raise Http404
    context: dict[str, object] = {"summary": summary, "slot": slot_name(asked.slot), "limits": limits()}
    form = PartyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            issued = services.issue_one_time_code(
                subject=asked.subject, slot=asked.slot, event=asked.event, host=user, at=timezone.now(),
                **form.cleaned_data,
            )  # fmt: skip
        except Refused as refused:
            _tell(request, refused)
        else:
            link = request.build_absolute_uri(reverse("signing:by-code", args=[issued.token]))
            context |= {"issued": issued, "link": link, "qr": qr_svg(link)}
            return render(request, "signatures/code.html", context)
    return render(request, "signatures/issue_code.html", {**context, "form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_by_code(request: HttpRequest, token: str) -> HttpResponse:
    """The party's page, for anyone who has the link: read, type code and name, sign."""
    row = find_code(token)
    kind = kind_of(row.subject) if row else None
    if row is None or kind is None:
        raise Http404
    asked = Asked(row.subject, row.slot, row.event, row.payload)
    on_host = request.user.is_authenticated and request.user.pk == row.issued_by_id
    context: dict[str, object] = {"code": row, "slot": slot_name(row.slot), "on_host": on_host}
    if row.signature is not None and row.used_at is not None:
        return render(request, "signatures/signed.html", {**context, "signature": row.signature})
    dead = why_dead(row, at=timezone.now())
    summary = kind.summary(asked) if dead is None else None
    if dead is not None or summary is None:
        gone = dead or Finding(None, "", "要签的文件已经不在了。", "请对方重新出示签名码。", "nothing_to_sign")
        return render(request, "signatures/dead_code.html", {**context, "finding": gone}, status=410)
    form = RedeemForm(request.POST if request.method == "POST" else None, initial={"name": row.party_name})
    findings: list[Finding] = []
    if request.method == "POST" and form.is_valid():
        evidence = request_evidence(request) | {"screen": "host" if on_host else "own"}
        try:
            services.redeem_one_time_code(
                token,
                form.cleaned_data["code"],
                name=form.cleaned_data["name"],
                at=timezone.now(),
                evidence=evidence,
            )
        except Refused as refused:
            findings = refused.findings
        else:
            return redirect("signing:by-code", token)
    context |= {"summary": summary, "form": form, "findings": findings}
    return render(request, "signatures/sign_by_code.html", context, status=422 if request.method == "POST" else 200)
