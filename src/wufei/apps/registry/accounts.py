"""How people come in: accounts are made by the programme office, never by signing up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Refuses every sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
