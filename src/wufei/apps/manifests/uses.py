"""What a manifest was counted against: plan and contract of the sender, approval of its way, permit of the receiver.

Invariant: the rows of ``ManifestUse`` are to the gram what those counters were told, each in the year of its step; so
an amendment takes back what stands and counts anew, and a counter opens down to its manifests.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from wufei.apps.declarations.services import add_to_contract, add_to_plan, contract_line, plan_line
from wufei.apps.manifests.dossier import contracts_of, dossier_of
from wufei.apps.manifests.models import Manifest, ManifestEvent, ManifestUse
from wufei.apps.manifests.parties import Parties
from wufei.apps.manifests.regions import approval_shares
from wufei.apps.registry.services import use_permit
from wufei.apps.registry.transfers import use_transfer
from wufei.core import checks
from wufei.core.agreements import shares
from wufei.core.ledger import local_day
from wufei.core.manifest import Event
from wufei.core.manifest_profiles import manifest_profiles


@dataclass(frozen=True, slots=True)
class Counting:
    """On whose behalf it is counted, and as of when: ``day`` decides year and validity, ``at`` is of the server."""

    day: date
    actor: str
    at: datetime


def count_departure(manifest: Manifest, parties: Parties, counting: Counting) -> None:
    """Count what departs: against contracts, against the plan if hazardous, approvals if it leaves the province."""
    if manifest.returns_id:
        return
    year, found = counting.day.year, []
    for position, waste, line_id, mass_g in approval_shares(manifest.document, parties, counting.day):
        row = ManifestUse(
            manifest=manifest, position=position, waste_code=waste["code"], year=year, approval_id=line_id
        )
        found.append(_count(row, mass_g, counting))
    for position, code, contract_id, mass_g in _contract_shares(manifest, parties, counting.day):
        line_id = contract_line(contract_id, code)
        row = ManifestUse(manifest=manifest, position=position, waste_code=code, year=year, contract_id=line_id)
        found.append(_count(row, mass_g, counting))
    if _is_hazardous(manifest) and parties.generator is not None:
        receiver = parties.receiver
        for position, waste in enumerate(manifest.document["wastes"], 1):
            plan_id = plan_line(
                site_id=parties.generator.pk,
                year=year,
                waste_code=waste["code"],
                receiver_id=receiver.organisation_id if receiver else None,
                receiver_name="" if receiver else manifest.receiver_name,
            )
            row = ManifestUse(
                manifest=manifest, position=position, waste_code=waste["code"], year=year, plan_id=plan_id
            )
            found.append(_count(row, waste["mass_g"], counting))
    ManifestUse.objects.bulk_create(found)


def _contract_shares(manifest: Manifest, parties: Parties, day: date) -> Iterator[tuple[int, str, int, int]]:
    """What departs by contracts, the first to expire first: place of the waste, code, contract, grams."""
    valid = [c for c in contracts_of(parties, manifest.receiver_name) or () if c.holds_on(day)]
    valid.sort(key=lambda c: (c.valid_until or date.max, c.id))
    taken: Counter[tuple[int, str]] = Counter()
    for position, waste in enumerate(manifest.document["wastes"], 1):
        code = waste["code"]
        rooms = [
            (c.id, c.remaining_g[code] - taken[c.id, code] if code in c.remaining_g else None)
            for c in valid
            if c.covers(code)
        ]
        for contract_id, mass_g in shares(rooms, waste["mass_g"]):
            taken[contract_id, code] += mass_g
            yield position, code, contract_id, mass_g


def count_receipt(manifest: Manifest, parties: Parties, counting: Counting) -> None:
    """Count what is accepted against the permit; give back what is refused, for it has not gone there."""
    if manifest.returns_id:
        return
    document = manifest.document
    lines = document["receipt"]["lines"]
    refused = {i: g for i, line in enumerate(lines, 1) if (g := line.get("refused_g") or 0)}
    if refused:
        _give_back(manifest, refused, counting)
    accepted = {i: g for i, line in enumerate(lines, 1) if (g := line.get("accepted_g") or 0)}
    if not _is_hazardous(manifest) or parties.receiver is None or not accepted:
        return
    year, found = counting.day.year, []
    for index, permit in checks.receiving_permits(dossier_of(manifest, parties, day=counting.day)).items():
        if mass_g := accepted.get(index + 1, 0):
            code = document["wastes"][index]["code"]
            row = ManifestUse(manifest=manifest, position=index + 1, waste_code=code, year=year, permit_id=permit.id)
            found.append(_count(row, mass_g, counting))
    ManifestUse.objects.bulk_create(found)


def count_anew(
    manifest: Manifest, parties: Parties, history: Iterable[ManifestEvent], *, actor: str, at: datetime
) -> None:
    """After an amendment: take back all that stands and count the steps by the new document, each on its own day."""
    for use in manifest.uses.order_by("-pk"):
        _count(use, -use.mass_g, Counting(local_day(at), actor, at))
    manifest.uses.all().delete()
    for row in history:
        counting = Counting(local_day(row.claimed_at), actor, at)
        if row.event == Event.DEPART:
            count_departure(manifest, parties, counting)
        elif row.event in (Event.CONFIRM, Event.REFUSE):
            count_receipt(manifest, parties, counting)


def _is_hazardous(manifest: Manifest) -> bool:
    return manifest_profiles()[manifest.profile].domain == "hazardous"


def _count(row: ManifestUse, mass_g: int, counting: Counting) -> ManifestUse:
    """Tell the counter of a row ``mass_g`` more, below 0 less; the row is not written here."""
    row.mass_g += mass_g
    if row.plan_id is not None:
        add_to_plan(row.plan_id, mass_g)
    elif row.contract_id is not None:
        add_to_contract(row.contract_id, mass_g)
    elif row.permit_id is not None:
        use_permit(
            permit_id=row.permit_id,
            year=row.year,
            waste_code=row.waste_code,
            mass_g=mass_g,
            actor=counting.actor,
            at=counting.at,
        )
    elif row.approval_id is not None:
        use_transfer(
            line_id=row.approval_id,
            mass_g=mass_g,
            document=f"manifest:{row.manifest.number}",
            actor=counting.actor,
            at=counting.at,
        )
    return row


def _give_back(manifest: Manifest, refused: Mapping[int, int], counting: Counting) -> None:
    """Give back what was refused of each waste, the counter that expires last first."""
    left = {against: dict(refused) for against in ("plan_id", "contract_id", "approval_id")}
    for row in manifest.uses.filter(permit=None, position__in=refused).order_by("-pk"):
        wanted = left[next(against for against in left if getattr(row, against))]
        mass_g = min(row.mass_g, wanted[row.position])
        wanted[row.position] -= mass_g
        if mass_g:
            _count(row, -mass_g, counting).save(update_fields=["mass_g"])
