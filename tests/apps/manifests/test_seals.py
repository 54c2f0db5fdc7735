"""What a signature seals stays: each party tries to change each field, one by one, at each stage of the life.

The stages come from ``fields.csv``, read by the model of the tests; the services are asked as the interface does it.
"""

import csv
from copy import deepcopy

import pytest
from django.http import Http404
from tests.apps.manifests.model import FIELDS, REACHED, changed_places, flat, sealed_from
from tests.apps.manifests.test_life import ALL, OIL, PAINT

from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.services import update_manifest
from wufei.core.findings import Refused
from wufei.core.manifest_document import pattern_of

PARTIES = ("maker", "carrier", "second", "plant")
SEALED = sealed_from()
with FIELDS.open(encoding="utf-8") as handle:
    FILLED_BY = {row["pointer"]: row["filled_by"] for row in csv.DictReader(handle)}


def other_value(value):
    """Something else of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1000
    known = {OIL: PAINT, PAINT: OIL, "S-maker": "S-other", "S-plant": "S-other", "L": "S", "SS": "S", "drum": "bag"}
    known |= {"R9": "D10", "D10": "R9", "浙E00002": "浙E77777", "浙E00003": "浙E88888", "T": "I", "T,I": "T"}
    if value in known:
        return known[value]
    if str(value).isdecimal():
        return f"{int(value) + 1:0{len(value)}}"
    return f"{value}改"


def patch_of(document, pointer, value):
    """A patch that sets one place of a document; lists are merged place by place."""
    way = pointer.strip("/").split("/")
    node = value
    for name in reversed(way[1:]):
        if name.isdecimal():
            node = [*({} for _ in range(int(name))), node]
        else:
            node = {name: node}
    return {way[0]: node}


@pytest.mark.parametrize("steps", range(1, len(ALL) + 1))
def test_no_party_changes_what_is_sealed_and_some_change_what_is_not(world, drive, document, steps):
    manifest = drive(document, *ALL[:steps])
    reached, changed = REACHED.get(manifest.status, 4), set()
    for pointer, value in flat(manifest.document).items():
        if pointer == "/profile" or value is None or isinstance(value, list):
            continue
        for who in PARTIES:
            before = deepcopy(Manifest.objects.get(pk=manifest.pk).document)
            try:
                update_manifest(
                    manifest.number, patch_of(before, pointer, other_value(value)), act=world.act(who, hours=20)
                )
            except (Refused, Http404):
                pass
            after = Manifest.objects.get(pk=manifest.pk)
            assert after.status == manifest.status
            for place in changed_places(before, after.document):
                leg = int(place.split("/")[2]) + 1 if place.startswith("/carriers/") else 0
                is_open = SEALED[pattern_of(place)] > reached or leg > max(after.leg, 1)
                assert is_open, f"{who} changed {place}, which was sealed"
                owner = {"generator": "maker", "receiver": "plant"}.get(FILLED_BY[pattern_of(place)])
                assert who == (owner or PARTIES[leg]), f"{who} changed {place}, which is another's"
                changed.add(place)
    wanted = {1: {"/carriers/0/vehicle", "/wastes/0/mass_g"}, 2: {"/carriers/1/vehicle"}}.get(steps, set())
    assert wanted <= changed
    if steps == len(ALL):
        assert changed == set()
