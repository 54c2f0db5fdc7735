"""How people come in: accounts are made by the programme office, and demo accounts work in demo mode only."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.stagekit import clear_login
from django.conf import settings
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.http import HttpRequest, HttpResponse

from wufei.apps.registry.models import User


def is_let_in(user: User) -> bool:
    """Whether ``user`` may be here at all: demo accounts only where the machine runs in demo mode."""
    return settings.DEMO or not user.is_demo


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Refuses every sign-up, and every way of login to whom is not let in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        if not is_let_in(user):
            clear_login(request)
            return cast(HttpResponse, self.respond_user_inactive(request, user))
        return cast(HttpResponse | None, super().pre_login(request, user, **kwargs))


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth carries no types
    """Lets in whom allauth lets in, but demo accounts only where the machine runs in demo mode.

    Django asks at login and again at each request, so a session begun in demo mode ends with it.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        user = cast(User | None, super().authenticate(request, **credentials))
        # allauth keeps a person whom user_can_authenticate refuses, and logs them in behind our back: take that away.
        kept = self.unstash_authenticated_user()
        if kept is not None and is_let_in(kept):
            self._stash_user(kept)
        return user

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session with all that decides what they see: one query at each request."""
        joined = User.objects.select_related("division", "department", "organisation")
        user = joined.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: User) -> bool:
        return bool(super().user_can_authenticate(user)) and is_let_in(user)


class LongEnough(MinimumLengthValidator):
    """Django's rule, with its message in Chinese: Django's own translation lacks it."""

    def get_error_message(self) -> str:
        return f"密码太短，至少 {self.min_length} 个字符。"

    def get_help_text(self) -> str:
        return f"密码至少 {self.min_length} 个字符。"
