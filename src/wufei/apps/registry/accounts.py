"""How people come in: accounts are made by the programme office, and demo accounts work in demo mode only."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.http import HttpRequest

from wufei.apps.registry.models import User


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Refuses every sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth carries no types
    """Lets in whom allauth lets in, but demo accounts only where the machine runs in demo mode.

    Django asks at login and again at each request, so a session begun in demo mode ends with it.
    """

    def user_can_authenticate(self, user: User) -> bool:
        return bool(super().user_can_authenticate(user)) and (settings.DEMO or not user.is_demo)
