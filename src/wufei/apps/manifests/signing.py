"""Who may sign a manifest, and what the signatures show and find again of it."""

from datetime import datetime

from wufei.apps.manifests.parties import Parties
from wufei.apps.registry.models import User
from wufei.apps.signatures.services import authority
from wufei.core.findings import Refused


def may_sign(person: User, slot: str, parties: Parties, domain: str, *, at: datetime) -> bool:
    """Whether a person may act for a slot: by their own firm, or by a delegation of the firm that is valid today."""
    if person.organisation_id in parties.organisations_of(slot):
        return True
    firm = parties.organisation_for(slot, None)
    if firm is None:
        return False
    try:
        authority(person, slot=slot, organisation=firm, profile=domain, at=at)
    except Refused:
        return False
    return True
