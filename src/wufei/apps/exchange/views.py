"""The page of one's own webhooks: list with how delivery stands, register, replay, remove."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from wufei.apps.exchange import webhooks
from wufei.apps.facts.selectors import newest_id
from wufei.apps.registry.models import User
from wufei.core.findings import Finding, Refused

BIGGEST_ID = 2**63


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands before
    return request.user


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
# a screen left open must not send its owner's news elsewhere
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth carries no types
def index(request: HttpRequest) -> HttpResponse:
    """My addresses: what was delivered last, what failed and why, how far behind; and the form of a new one."""
    user, at = _user(request), timezone.now()
    url, verbs = request.POST.get("url", "").strip(), request.POST.get("verbs", "").split()
    context: dict[str, object] = {"url": url[:500], "verbs": " ".join(verbs)[:500]}
    status = 200
    if request.method == "POST":
        try:
            made = webhooks.create_webhook(
                user=user, url=url[:500], verbs=verbs, after=None, actor=user.username, at=at
            )
            context |= {"made": made, "url": "", "verbs": ""}
        except Refused as refused:
            context["findings"], status = refused.findings, 422
    context |= {"rows": webhooks.visible_webhooks(user).order_by("pk"), "newest": newest_id()}
    return render(request, "exchange/webhooks.html", context, status=status)


@login_required
@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Send again from a number on, or remove an address of mine."""
    user, at = _user(request), timezone.now()
    rows = webhooks.visible_webhooks(user).select_related("user")
    webhook = get_object_or_404(rows, pk=min(pk, BIGGEST_ID - 1))
    action = request.POST.get("action", "")
    try:
        if action == "replay":
            after = _number(request.POST.get("after", ""))
            webhooks.replay_webhook(webhook, after=after, actor=user.username, at=at)
            messages.success(request, _("将从这个序号之后重新推送。"))
        elif action == "remove":
            webhooks.delete_webhook(webhook, actor=user.username, at=at)
            messages.success(request, _("推送地址已删除。"))
        else:
            raise Http404
    except Refused as refused:
        for finding in refused.findings:
            messages.error(request, finding.what + finding.remedy)
    return redirect("webhooks:index")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        what = f"序号“{text[:20]}”不是整数。"
        raise Refused([Finding(None, "after", what, "请写最后一个已处理事件的序号；0 表示从头。", "webhook_cursor")])
    return int(text)
