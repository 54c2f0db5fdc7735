"""The page of one's own tokens: list, sign one (its secret is shown once), revoke. Nobody sees another's."""

from dataclasses import dataclass

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from wufei.apps.registry.models import User
from wufei.apps.rest import selectors, services
from wufei.apps.rest.reference import limits, scopes
from wufei.core.findings import Finding, Refused

BIGGEST_ID = 2**63


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """One scope in the form."""

    scope: str
    name: str
    chosen: bool


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands before
    return request.user


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
# a screen left open must not hand out a key that outlives it
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth carries no types
def tokens(request: HttpRequest) -> HttpResponse:
    """My tokens, and the form of a new one. What a token may do is at most what I may."""
    user, at = _user(request), timezone.now()
    chosen = request.POST.getlist("scope")
    days, name = request.POST.get("days", str(limits().token_days_default)), request.POST.get("name", "")
    context: dict[str, object] = {"days": days[:10], "name": name[:60], "days_max": limits().token_days_max}
    status = 200
    if request.method == "POST":
        try:
            token, secret = services.create_token(
                username=user.username, scopes_wanted=chosen, days=_whole(days), name=name.replace("\0", "").strip(),
                actor=user.username, at=at,
            )  # fmt: skip
            context |= {"token": token, "secret": secret}
            chosen = []
        except Refused as refused:
            context["findings"], status = refused.findings, 422
    context["rows"] = selectors.token_rows(at=at, username=user.username)[::-1]
    context["scopes"] = [ScopeChoice(scope, words, scope in chosen) for scope, words in scopes().items()]
    return render(request, "rest/tokens.html", context, status=status)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        what = f"有效期“{text[:20]}”不是天数。"
        raise Refused([Finding(None, "days", what, f"请写 1 至 {limits().token_days_max}。", "token_days")])
    return int(text)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my tokens at once."""
    user = _user(request)
    token = get_object_or_404(selectors.visible_tokens(user), pk=min(pk, BIGGEST_ID - 1))
    try:
        services.revoke_token(token.pk, actor=user.username, at=timezone.now())
        messages.success(request, _("令牌已吊销，用它的系统不能再调用接口。"))
    except Refused as refused:
        for finding in refused.findings:
            messages.error(request, finding.what + finding.remedy)
    return redirect("access:tokens")
