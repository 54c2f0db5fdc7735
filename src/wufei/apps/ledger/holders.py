"""Who can hold accounts: entered on purpose, or taken from the registry the first time a movement names them.

Invariant: a site, vehicle or division that the registry knows can be booked on at once; nobody has to enter it twice.
"""

import re
from collections.abc import Iterable, Sequence
from unicodedata import is_normalized

from django.db import transaction

from wufei.apps.ledger.models import HolderRecord
from wufei.apps.registry.models import Division, Site, Vehicle
from wufei.core.chain import stated_digest
from wufei.core.ledger import Holder

_KEY = re.compile(r"(site|vehicle|boundary):[^|/\x00-\x20\x7f]{1,60}")


@transaction.atomic
def register_holders(holders: Sequence[Holder]) -> None:
    """Enter holders, or bring those that are known to what is given. The key is for ever: the chain names it."""
    for holder in holders:
        assert _KEY.fullmatch(holder.key), holder
        assert is_normalized("NFC", holder.key), holder
    HolderRecord.objects.bulk_create(
        [
            HolderRecord(
                key=h.key,
                division=h.division,
                category=h.category,
                name=h.name,
                is_simulated=h.is_simulated,
                stated=stated_digest(h.key, h.division, h.category, h.name, is_simulated=h.is_simulated),
            )
            for h in holders
        ],
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["division", "category", "name", "is_simulated", "stated"],
    )


def holders_of_registry(keys: Iterable[str]) -> list[Holder]:
    """The holders among ``keys`` that the registry knows: sites by code, vehicles by plate, divisions by code."""
    names: dict[str, list[str]] = {"site": [], "vehicle": [], "boundary": []}
    for key in keys:
        kind, _, name = key.partition(":")
        if kind in names and _KEY.fullmatch(key):
            names[kind].append(name)
    found = [
        Holder(f"site:{s.code}", s.division_id, s.category, s.name, s.is_simulated)
        for part in _parts(names["site"])
        for s in Site.objects.filter(code__in=part)
    ]
    found += [
        Holder(f"vehicle:{v.plate}", v.organisation.division_id, "vehicle", v.plate, v.is_simulated)
        for part in _parts(names["vehicle"])
        for v in Vehicle.objects.filter(plate__in=part).select_related("organisation")
    ]
    return found + [
        Holder(f"boundary:{d.code}", d.code, "boundary", f"{d.name}区域外")
        for part in _parts(names["boundary"])
        for d in Division.objects.filter(code__in=part)
    ]


def register_unknown_vehicle(key: str, division: str) -> None:
    """Enter a vehicle that the registry does not know, so that what it carries can be booked: the load is a fact."""
    if HolderRecord.objects.filter(key=key).exists() or holders_of_registry([key]):
        return
    register_holders([Holder(key, division, "vehicle", key.partition(":")[2])])


def _parts(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + 500] for start in range(0, len(names), 500))  # SQLite bounds a statement's values
