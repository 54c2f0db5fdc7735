"""Who may sign a manifest: one answer for the pages, the interface and the signature itself."""

from dataclasses import replace
from datetime import datetime

from wufei.apps.manifests.parties import Parties
from wufei.apps.registry.models import User
from wufei.apps.signatures.reference import slot_of
from wufei.apps.signatures.services import authority
from wufei.core.findings import Finding, Refused
from wufei.core.manifest import slot_of_carrier

OWN_FAULT = frozenset({"wrong_role", "inactive_person"})  # it is their firm's turn, but not theirs


def holds(person: User, slot: str, parties: Parties) -> bool:
    """Whether a slot is the person's own firm's and of their role: a driver's account does not act for the sender."""
    is_theirs = person.organisation_id in parties.organisations_of(slot)
    return is_theirs and person.is_active and person.role in slot_of(slot).roles


def own_slots(person: User, parties: Parties) -> frozenset[str]:
    """The slots of a manifest in which a person acts for their own firm."""
    slots = ["generator", "receiver", "insurer", *(slot_of_carrier(i + 1) for i in range(len(parties.carriers)))]
    return frozenset(slot for slot in slots if holds(person, slot, parties))


def why_not(person: User, slot: str, parties: Parties, domain: str, *, at: datetime) -> Finding | None:
    """Why a person may not act for a slot, or ``None`` where they may: for their own firm, or by its delegation."""
    firm = parties.organisation_for(slot, person.organisation_id)
    if firm is None:
        return Finding(None, "/slot", "联单上没有这一方。", "请核对联单上的单位。", "no_such_party")
    try:
        authority(person, slot=slot, organisation=firm, profile=domain, at=at)
    except Refused as refused:
        return replace(refused.findings[0], field="/slot")
    return None


def may_sign(person: User, slot: str, parties: Parties, domain: str, *, at: datetime) -> bool:
    """Whether a person may act for a slot: for their own firm, or by a delegation of the firm that is valid today."""
    return why_not(person, slot, parties, domain, at=at) is None
