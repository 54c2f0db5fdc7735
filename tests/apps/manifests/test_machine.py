"""Random events by random people through random manifests, beside a model in plain Python.

No illegal stage, no lost gram, no sealed field changed, no number twice; what is refused leaves nothing behind.
Longer runs: CHAOS_EXAMPLES, CHAOS_STEPS and CHAOS_SEED in the environment.
"""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from tests.apps.manifests.chaos import Moves

from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.apps.manifests.models import Manifest, ManifestEvent, ManifestSight, ManifestWaste
from wufei.apps.packages.models import Package
from wufei.apps.registry.models import Organisation, Site, User, Vehicle
from wufei.apps.signatures.models import Signature
from wufei.core.credit_code import make_credit_code
from wufei.core.signature import content_hash

EXAMPLES = int(os.environ.get("CHAOS_EXAMPLES", "8"))
STEPS = int(os.environ.get("CHAOS_STEPS", "25"))
SEED = os.environ.get("CHAOS_SEED")


class Chaos(Moves):
    """The machine: what must hold after every move."""

    @invariant()
    def every_gram_is_where_it_must_be(self):
        held = self.balances()
        assert held == self.books.standing()
        assert sum(held.values()) == 0

    @invariant()
    def every_manifest_stands_where_it_must(self):
        rows = {m.number: m for m in Manifest.objects.all()}
        assert set(rows) == set(self.papers)
        for number, paper in self.papers.items():
            row = rows[number]
            shown = (row.status, row.leg, row.events, row.document, row.content_hash)
            assert shown == (paper.status, paper.leg, paper.events, paper.document, content_hash(paper.document))

    @invariant()
    def every_version_follows_the_one_before(self):
        history = {}
        for event in ManifestEvent.objects.order_by("manifest_id", "sequence").select_related("manifest"):
            history.setdefault(event.manifest.number, []).append(event)
        signed = Counter(Signature.objects.values_list("subject", "content_hash"))
        for number, events in history.items():
            assert [e.sequence for e in events] == list(range(1, self.papers[number].events + 1))
            assert [e.previous_hash for e in events] == ["", *(e.content_hash for e in events[:-1])]
            assert events[-1].document == self.papers[number].document
            for event in events:
                if event.slot:
                    assert signed[f"manifest:{number}", event.content_hash], "a step without its signature"
                assert event.pk in self.sound or content_hash(event.document) == event.content_hash
                self.sound.add(event.pk)

    @invariant()
    def every_package_is_in_one_place(self):
        assert self.places() == self.parcels

    @invariant()
    def every_package_weighs_what_the_books_hold_for_it(self):
        """At a site its mass stands in the store under its code, and none anywhere else; of what is gone, nothing."""
        names = {a.pk: (a.holder.key, a.bucket) for a in AccountRecord.objects.select_related("holder")}
        under = Counter()
        for source, target, grams, code in MovementRecord.objects.exclude(package="").values_list(
            "source_id", "target_id", "mass_g", "package"
        ):
            under[code, *names[source]] -= grams
            under[code, *names[target]] += grams
        found = {place: grams for place, grams in under.items() if grams and place[2] in ("stored", "in_transit")}
        refused = {p.number for p in self.papers.values() if p.is_return}
        for package in Package.objects.select_related("site"):
            here = {place[1:]: found.pop(place) for place in list(found) if place[0] == package.code}
            if package.site is not None and package.status != "retired":
                expected = {(f"site:{package.site.code}", "stored"): package.mass_g}
                assert here == {place: grams for place, grams in expected.items() if grams}
            elif package.status == "in_transit":
                assert [bucket for _, bucket in here] in ([], ["in_transit"])
                if package.open_manifest in refused:  # as the receipt that refused it said
                    assert sum(here.values()) == package.mass_g
            else:
                assert here == {}
        assert not found

    @invariant()
    def the_rows_of_a_manifest_say_what_it_says(self):
        rows = {}
        for w in ManifestWaste.objects.order_by("position").select_related("manifest"):
            rows.setdefault(w.manifest.number, []).append(
                (w.waste_code, w.sent_g, w.accepted_g, w.refused_g, w.lost_g)
            )
        for number, paper in self.papers.items():
            wastes = [(w["code"], w.get("mass_g") or 0) for w in paper.document["wastes"]]
            parts = [line[1:] for line in paper.lines()] if paper.received else [(None, None, None)] * len(wastes)
            assert rows[number] == [(*w, *p) for w, p in zip(wastes, parts, strict=True)]

    @invariant()
    def what_readers_find_a_manifest_by_says_what_it_says(self):
        ended = {"partly_accepted", "refused", "void", "confirmed"}
        for sight in ManifestSight.objects.select_related("manifest"):
            m = sight.manifest
            status = sight.unless_confirmed or "confirmed"
            assert (sight.profile, status, sight.is_open) == (m.profile, m.status, m.status not in ended)
            assert sight.updated_at == m.updated_at


@pytest.fixture
def many(world):
    """The world, with a firm that makes, carries and takes waste."""
    firm = Organisation.objects.create(
        credit_code=make_credit_code("330523", 99), name="both 公司", division_id="330523001", kind="facility"
    )
    Vehicle.objects.create(plate="浙E00099", organisation=firm)
    world.firms["both"] = firm
    world.sites["both"] = Site.objects.create(
        code="S-both", name="both 厂区", organisation=firm, division_id="330523001",
        category="industrial_enterprise", domain="hazardous",
    )  # fmt: skip
    world.people["both"] = User.objects.create(
        username="both", role="facility", organisation=firm, division_id="330523"
    )
    # Two firms, and a vehicle that two manifests may share.
    world.fleet = [("carrier", "浙E00002"), ("second", "浙E00003"), ("both", "浙E00002")]
    return world


def test_random_events_keep_every_gram_every_seal_and_every_number(many):
    machine = type("Chaos", (Chaos,), {"world": many})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=SEED is None,
            database=None, report_multiple_bugs=False, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck), print_blob=False,
        ),
    )  # fmt: skip
