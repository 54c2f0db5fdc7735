"""What a request says about a signature made in it: personal data, kept with the signature and shown masked."""

from django.http import HttpRequest

from wufei.apps.web import client_address

LONGEST_AGENT = 200


def request_evidence(request: HttpRequest) -> dict[str, str]:
    """Address and user agent, for ``sign(evidence=…)``."""
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\0", "")
    return {"address": client_address(request), "agent": agent[:LONGEST_AGENT]}
