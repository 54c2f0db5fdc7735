"""What a request says about a signature made in it: personal data, kept with the signature and shown masked."""

from django.http import HttpRequest

LONGEST_AGENT = 200


def request_evidence(request: HttpRequest) -> dict[str, str]:
    """Address and user agent, for ``sign(evidence=…)``."""
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\0", "")
    return {"address": request.META.get("REMOTE_ADDR", ""), "agent": agent[:LONGEST_AGENT]}
