"""Who calls: a bearer token with the scope that is needed, or the session of our own pages (with its CSRF mark)."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from wufei.apps.registry.accounts import is_let_in
from wufei.apps.registry.models import User
from wufei.apps.rest.problems import Problem
from wufei.apps.rest.reference import grants, scopes
from wufei.apps.rest.selectors import PREFIX, state_of, token_of
from wufei.apps.rest.services import mark_used


class Bearer(AuthBase):
    """Lets in whoever has a token with ``scope``, or is logged in. Sets ``request.user`` and answers with the person.

    What the person may see and do is decided as on the pages; a scope only takes away.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, scope: str = "") -> None:
        assert not scope or scope in scopes(), f"{scope}: add it to data/rest/scopes.csv"
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any:
        given = request.headers.get("Authorization", "")
        if given:
            return self._by_token(request, given)
        user = request.user
        if not isinstance(user, User):
            raise Problem("unauthenticated")
        if check_csrf(request):
            raise Problem("csrf")
        return user

    def authenticate(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self(request)

    def _by_token(self, request: HttpRequest, given: str) -> User:
        kind, _, secret = given.partition(" ")
        secret = secret.strip()
        if kind.lower() != "bearer" or not secret.startswith(PREFIX):
            raise Problem(
                "unauthenticated", "Authorization 首部应是 Bearer 加一个空格和令牌（wf_ 开头）。请改正后再发。"
            )
        token = token_of(secret)
        if token is None:
            raise Problem("token_invalid", "没有这个令牌。请核对抄写，或请管理员重新签发：wufei token create。")
        at = timezone.now()
        state = state_of(token, at)
        if state != "有效" or not is_let_in(token.user):
            told = state if state != "有效" else "账号停用"
            raise Problem("token_invalid", f"令牌 {token.pk} 不能用：{told}。请管理员重新签发：wufei token create。")
        if self.scope and not grants(token.scopes, self.scope):
            has = "、".join(token.scopes)
            raise Problem(
                "missing_scope", f"这里需要权限 {self.scope}，令牌 {token.pk} 只有 {has}。请管理员另签令牌。"
            )
        mark_used(token, on=timezone.localdate(at))
        request.user = token.user
        request.api_token = token  # type: ignore[attr-defined]  # who asks /me/ is shown their token
        return token.user
