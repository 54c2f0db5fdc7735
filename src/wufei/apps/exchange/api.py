"""``/api/v1/webhooks/``: a person's own addresses for news."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Status
from pydantic import Field

from wufei.apps.exchange import webhooks
from wufei.apps.exchange.models import WebhookEndpoint
from wufei.apps.registry.models import User
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.problems import Problem
from wufei.apps.rest.schemas import In, Instant, Out, Text, Whole
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes

router = Router(tags=["webhooks"])


class WebhookIn(In):
    """An address to be registered."""

    url: str = Field(min_length=8, max_length=500, description="http 或 https 的网址，主机须在允许的范围内。")
    verbs: list[Text] = Field([], max_length=100, description="只要这些事件（data/facts/verbs.csv）；空表示全部。")
    after: Whole | None = Field(None, description="从这个序号之后发起；不写表示从现在起。")


class ReplayIn(In):
    """Where to begin anew."""

    after: Whole = Field(description="最后一个已处理事件的序号；0 表示从头。")


class WebhookOut(Out):
    """A registered address and how its delivery stands."""

    id: int
    url: str
    verbs: list[str]
    cursor: int
    failures: int
    last_error: str
    next_try_at: Instant | None
    delivered_at: Instant | None
    created_at: Instant


class NewWebhookOut(WebhookOut):
    """A new address with its secret, which is shown once."""

    secret: str


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _own(request: HttpRequest, key: int) -> WebhookEndpoint:
    return get_object_or_404(webhooks.visible_webhooks(_user(request)).select_related("user"), pk=key)


@router.get("/", auth=Bearer("webhooks:read"), response=Page[WebhookOut], summary="推送地址")
def list_webhooks(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, object]:
    """One's own addresses, in the order they were registered."""
    return page_of(webhooks.visible_webhooks(_user(request)), asked, lambda row: row, by="created_at")


@router.post("/", auth=Bearer("webhooks:write"), response={201: NewWebhookOut}, summary="登记推送地址")
@writes
def create_webhook(request: HttpRequest, webhook: WebhookIn) -> Status[WebhookEndpoint]:
    """Register an address. The secret of the answer signs every delivery; it is shown once. Takes a token only."""
    if not hasattr(request, "api_token"):  # an open screen gives nothing away: the page asks for the password
        raise Problem(
            "unauthenticated", "登记推送地址要用令牌；没有令牌的，请在“系统接入”页面上登记，会再问一次密码。"
        )
    made = webhooks.create_webhook(
        user=_user(request),
        url=webhook.url,
        verbs=webhook.verbs,
        after=webhook.after,
        actor=_user(request).username,
        at=timezone.now(),
    )
    return Status(201, made)


@router.get("/{key}/", auth=Bearer("webhooks:read"), response=WebhookOut, summary="一个推送地址")
def get_webhook(request: HttpRequest, key: int) -> WebhookEndpoint:
    """How the delivery to one address stands."""
    return _own(request, key)


@router.delete("/{key}/", auth=Bearer("webhooks:write"), response={204: None}, summary="删除推送地址")
@writes
def delete_webhook(request: HttpRequest, key: int) -> Status[None]:
    """Remove an address; nothing more is sent there."""
    webhooks.delete_webhook(_own(request, key), actor=_user(request).username, at=timezone.now())
    return Status(204, None)


@router.post("/{key}/replay/", auth=Bearer("webhooks:write"), response=WebhookOut, summary="从某个序号起重新推送")
@writes
def replay_webhook(request: HttpRequest, key: int, replay: ReplayIn) -> WebhookEndpoint:
    """Send everything behind a number once more, at once."""
    return webhooks.replay_webhook(
        _own(request, key), after=replay.after, actor=_user(request).username, at=timezone.now()
    )
