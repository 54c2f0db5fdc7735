"""The moves of the state machine: what random people do to random manifests, and what the model expects of it.

``test_machine`` says what must hold after each of them.
"""

from collections import Counter
from copy import deepcopy
from datetime import timedelta

from django.db import transaction
from django.http import Http404
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.apps.manifests.conftest import NOW, OIL, PAINT, SOIL
from tests.apps.manifests.model import LEGAL, REACHED, Books, Paper, changed_places, is_booked, sealed_from

from wufei.apps.amendments import services as amendments
from wufei.apps.amendments.subjects import Applied
from wufei.apps.facts.models import Fact
from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.apps.ledger.verification import verify
from wufei.apps.manifests import amending
from wufei.apps.manifests.models import Manifest, ManifestEvent, ManifestLeg, ManifestSight, ManifestWaste
from wufei.apps.manifests.services import Act, advance, create_manifest, update_manifest
from wufei.apps.packages.actions import Act as PackageAct
from wufei.apps.packages.making import What
from wufei.apps.packages.models import Package, PackageAction
from wufei.apps.packages.services import assign_packages
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.verification import check_row
from wufei.core.amendment import ABSENT, Change
from wufei.core.findings import Refused
from wufei.core.manifest import Event
from wufei.core.manifest_document import pattern_of

WASTES = {
    "hazardous": [OIL, PAINT],
    "industrial": ["900-001-S17", "900-002-S17"],
    "construction": [SOIL],
    "kitchen": ["900-001-S61", "900-002-S61"],
}
FROM_STOCK = {"hazardous", "industrial"}
ROUNDS = {"kitchen"}
EVENTS = ["submit", "depart", "hand_over", "arrive", "confirm", "refuse", "void", "witness", "amend"]
TABLES = (
    Manifest, ManifestEvent, ManifestWaste, ManifestLeg, ManifestSight, MovementRecord, Signature, PackageAction,
    Fact,
)  # fmt: skip
SEALED = sealed_from()
MASSES = (0, 1, 999, 250_000, 1_000_000)
KINDS = (
    *["next_step"] * 10, *["random_step"] * 3, *["amend"] * 3, "draw_up", "draw_up", "update", "update", "repeat",
    "ask_for_a_note",
)  # fmt: skip
picks = st.integers(0, 99)


class Moves(RuleBasedStateMachine):
    """What may be done. Each example runs in a transaction that is taken back."""

    world = None

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.books, self.papers, self.sound, self.done = Books(), {}, set(), []
        self.parcels = {}  # package -> (place, open manifest)
        self.hour = 0

    def teardown(self):
        try:
            assert verify().holds
            for row in Signature.objects.select_related("key", "person"):
                check_row(row)
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    # --- Doing one thing, whole or not at all ---------------------------------------------------------------------

    def act(self, who, key="", **more):
        self.hour += 1
        at = NOW + timedelta(minutes=self.hour)
        return Act(person=self.world.people[who], claimed_at=at, server_at=at, key=key, **more)

    def counts(self):
        return [table.objects.count() for table in TABLES], self.balances(), self.places()

    def balances(self):
        rows = AccountRecord.objects.exclude(balance_g=0).values_list(
            "holder__key", "waste_code", "bucket", "balance_g"
        )
        return {(holder, code, bucket): grams for holder, code, bucket, grams in rows}

    def places(self):
        rows = Package.objects.values_list("code", "status", "site__code", "plate", "open_manifest")
        return {
            code: (f"vehicle:{plate}" if status == "in_transit" else f"site:{site}" if site else "gone", on)
            for code, status, site, plate, on in rows
        }

    def attempt(self, call):
        """What the call gives, or ``None`` where it is refused; then nothing may have changed."""
        before = self.counts()
        try:
            return call()
        except (Refused, Http404) as error:
            self.why = [f.code for f in error.findings] if isinstance(error, Refused) else ["404"]
            assert self.counts() == before, "a refusal left something behind"
            return None

    def paper(self, pick):
        """One of the manifests, the open ones mostly."""
        papers = list(self.papers.values())
        open_ones = [p for p in papers if p.status in REACHED]
        chosen = open_ones if open_ones and pick % 10 else papers
        return chosen[pick % len(chosen)] if chosen else None

    def firm(self, paper, slot):
        """The firm that acts for a slot; for an end outside the region the one inside."""
        if isinstance(slot, int):
            carriers = paper.document.get("carriers") or []
            code = carriers[slot]["organisation"] if slot < len(carriers) else None
            return next((n for n, f in self.world.firms.items() if f.credit_code == code), None)
        if slot == "insurer":
            return None
        ends = {end: (paper.document.get(end) or {}).get("site") for end in ("generator", "receiver")}
        site = ends[slot] or ends["generator"] or ends["receiver"]
        return site.removeprefix("S-")

    def keep(self, paper, manifest, *, sealed=True):
        """Take over what a step wrote, having looked at what it may not have changed."""
        if sealed:
            reached = REACHED.get(paper.status, 4)
            for pointer in changed_places(paper.document, manifest.document):
                if pointer in ("/wastes", "/carriers") or reached == 0:
                    continue
                way = pointer.split("/")
                is_later = way[1] == "carriers" and int(way[2]) >= paper.leg and SEALED[pattern_of(pointer)] == 2
                assert SEALED[pattern_of(pointer)] > reached or is_later, f"{pointer} was sealed"
        paper.document, paper.events = deepcopy(manifest.document), paper.events + 1
        assert manifest.document["profile"] == manifest.profile

    # --- Rules ----------------------------------------------------------------------------------------------------

    @initialize(firsts=st.lists(st.lists(picks, min_size=10, max_size=10), min_size=2, max_size=2))
    def begin(self, firsts):
        """Two papers, driven some way: nothing is to be learnt from empty books."""
        for a, b, *rest in firsts:
            self.draw_up(a, b, rest)
            for n in rest[: a % 6]:
                self.next_step(99, n, rest[-4:], n)

    # One rule with weights of our own: left to itself, each example would leave most kinds of rules out.
    @rule(kind=st.sampled_from(KINDS), a=picks, b=picks, more=st.lists(picks, min_size=8, max_size=8))
    def turn(self, kind, a, b, more):
        """One thing that somebody does."""
        if kind == "draw_up" and sum(p.status in REACHED for p in self.papers.values()) < 4:
            self.draw_up(a, b, more)
        elif kind == "random_step":
            self.random_step(a, EVENTS[b % len(EVENTS)], more[0], more[1:5])
        elif kind == "repeat":
            self.repeat(a)
        elif kind == "update":
            self.update(a, b, more[0], MASSES[more[1] % len(MASSES)])
        elif kind == "amend":
            self.amend(a, b, MASSES[more[1] % len(MASSES)])
        elif kind == "ask_for_a_note":
            self.ask_for_a_note(a, b)
        else:
            self.next_step(a, b, more[:4], more[4])

    def draw_up(self, a, b, more):
        """A manifest of a random kind."""
        profiles = ["hazardous", "hazardous", *sorted(WASTES)]
        senders, takers = ["maker", "maker", "both", ""], ["plant", "plant", "both", ""]
        grams = [MASSES[n % len(MASSES)] for n in more[: 1 + a % 3]]
        who = ["", "", "", "", "stranger", "carrier"][more[3] % 6]
        sender, taker = senders[b % 4], takers[more[4] % 4]
        self.create(profiles[a % len(profiles)], grams, more[5], sender, taker, more[6] % 2, who)

    def create(self, profile, grams, carriers, sender, taker, packed, who):
        people = self.world.people
        document = self.document(profile, grams, carriers, sender, taker)
        if packed and sender and profile == "hazardous" and grams[0] > 1:
            document["wastes"][0]["packages"] = self.parcels_of(sender, document["wastes"][0])
        who = who or sender or taker or "maker"
        manifest = self.attempt(lambda: create_manifest(document, act=self.act(who)))
        if manifest is None:
            is_fair = (sender or taker) and who == (sender or taker)
            assert not is_fair, self.why
            return
        assert manifest.number not in self.papers, "a number twice"
        assert sender or taker
        assert who in people
        self.papers[manifest.number] = Paper(manifest.number, deepcopy(manifest.document), profile in FROM_STOCK)

    def document(self, profile, grams, carriers, sender, taker):
        codes, fleet = WASTES[profile], self.world.fleet
        ends = {}
        for end, firm in (("generator", sender), ("receiver", taker)):
            ends[end] = {"site": f"S-{firm}"} if firm else {"outside": "外省某公司"}
        ends["generator"] |= {"handler": "张三", "emergency_phone": "0572-5000000"}
        region = {} if sender and taker else {"region": {"kind": "in" if taker else "out", "approval": "1"}}
        firms = [fleet[carriers % 3], fleet[carriers // 3 % 3]][: 1 + carriers % 2]
        return {
            "profile": profile, **ends, **region,
            "wastes": [
                {"code": codes[i % len(codes)], "form": "L", "packing": "drum", "package_count": 1, "mass_g": g,
                 "method": "R9"} for i, g in enumerate(grams)
            ],
            "carriers": [
                {"organisation": self.world.code(firm), "vehicle": plate, "driver": "李四", "driver_licence": "1"}
                for firm, plate in firms
            ],
        }  # fmt: skip

    def parcels_of(self, firm, waste):
        act = PackageAct(
            key=f"assign{len(self.parcels)}", at=NOW, recorded_at=NOW, actor=firm, firm_id=self.world.firms[firm].pk
        )
        half = waste["mass_g"] // 2
        codes = assign_packages(
            site=self.world.sites[firm], act=act, count=2, masses_g=[half, waste["mass_g"] - half], book=True,
            what=What(waste_code=waste["code"], generated_on=NOW.date(), form="L", container="drum"),
        )  # fmt: skip
        for code in codes:
            self.parcels[code] = (f"site:S-{firm}", "")
        home = f"site:S-{firm}"
        self.books.held[home, waste["code"], "stored"] += waste["mass_g"]
        self.books.held[home, waste["code"], "generated"] -= waste["mass_g"]
        return codes

    def random_step(self, pick, event, who, split):
        """Any event by anybody, mostly out of order."""
        if paper := self.paper(pick):
            people = sorted(self.world.people)
            self.step(paper, event, people[who % len(people)], self.payload(paper, event, split), fair=False)

    def next_step(self, pick, choice, split, odd):
        """What is due, by who is due; mostly with what is asked for."""
        paper = self.paper(pick)
        if paper is None or paper.status not in REACHED:
            return
        events = {
            "draft": ["submit"], "submitted": ["depart", "depart", "depart", "void"],
            "in_transit": ["arrive"], "delivered": ["confirm", "confirm", "refuse"],
        }[paper.status]  # fmt: skip
        if paper.status == "in_transit" and paper.leg < len(paper.document.get("carriers") or []) and choice % 2:
            events = ["hand_over"]
        event = events[choice % len(events)]
        who = self.firm(paper, paper.due(event))
        payload = self.payload(paper, event, split)
        is_plain = event not in ("confirm", "refuse") and self.is_plain(paper)
        self.step(paper, event, who, payload, fair=is_plain, key=f"k{len(self.done)}" if odd % 3 == 0 else "")

    def is_plain(self, paper):
        """Whether nothing can stand against its next step."""
        ends = [(paper.document.get(end) or {}).get("site") for end in ("generator", "receiver")]
        carriers = paper.document.get("carriers") or []
        is_whole = all(ends) and ends[0] != ends[1] and carriers and all(c.get("vehicle") for c in carriers)
        weighs = all(waste.get("mass_g") for waste in paper.document["wastes"])  # 0 g are never handed over
        return bool(is_whole) and weighs and not paper.packages()

    def payload(self, paper, event, split):
        if event not in ("confirm", "refuse"):
            odd = [{}, {}, {"receiver": {"handler": "早"}}, {"wastes": [{"mass_g": 7}]}, {"profile": "exempt"}]
            return odd[split[0] % 40] if split[0] % 40 < len(odd) else {}
        lines = []
        for i, waste in enumerate(paper.document["wastes"]):
            grams, n = waste.get("mass_g") or 0, split[i % len(split)]
            part = grams * (n % 4) // 4
            line = [
                {"accepted_g": grams}, {"accepted_g": grams - part, "refused_g": part},
                {"accepted_g": 0, "refused_g": grams}, {"accepted_g": grams - part, "lost_g": part},
                {"accepted_g": grams + 17}, {"accepted_g": part}, {"accepted_g": 0, "lost_g": grams}, {},
            ][n % 8]  # fmt: skip
            if waste.get("packages") and line.get("refused_g") and line.get("accepted_g"):
                line["refused_packages"] = waste["packages"][:1]
            if event == "refuse" and n % 5:
                line = {"accepted_g": 0, "refused_g": grams}
            lines.append(line)
        if split[0] == 13:
            lines = lines[1:]
        return {"receipt": {"lines": lines}, "receiver": {"handler": "赵六"}}

    def step(self, paper, event, who, payload, *, fair, key=""):
        call = lambda: advance(paper.number, Event(event), payload, act=self.act(who, key=key))  # noqa: E731
        manifest = self.attempt(call)
        if manifest is None:
            assert not fair or payload, (event, paper.status, who, self.why)
            return
        before = paper.status
        assert (before, event) in LEGAL, f"{event} in {before}"
        assert manifest.status in LEGAL[before, event]
        able = {self.firm(paper, paper.due(event))}
        if event in ("submit", "void") and before == "draft" and paper.document["profile"] in ROUNDS:
            able.add(self.firm(paper, 0))  # the collector of a round signs for the sender, or takes it back
        assert who in able, "someone acted for another"
        if event in ("submit", "depart"):
            assert all(waste["mass_g"] > 0 for waste in manifest.document["wastes"]), "0 g were handed over"
        self.keep(paper, manifest)
        paper.status = manifest.status
        self.follow(paper, event)
        if key:
            self.done.append((paper.number, event, payload, who, key))

    def follow(self, paper, event):
        """What the step must have moved."""
        codes = paper.packages()
        if event == "submit":
            self.parcels |= {code: (self.parcels[code][0], paper.number) for code in codes}
        elif event == "void":
            self.parcels |= {code: (self.parcels[code][0], "") for code in codes}
        elif event in ("depart", "hand_over"):
            if event == "depart":
                paper.departed = True
                paper.packed = dict(Package.objects.filter(code__in=codes).values_list("code", "mass_g"))
                self.books.depart(paper)
            else:
                self.books.hand_over(paper, paper.leg)
            paper.leg += 1
            self.parcels |= {code: (paper.plate(paper.leg), paper.number) for code in codes}
        elif event in ("confirm", "refuse"):
            self.receive(paper)

    def receive(self, paper):
        paper.received = True
        accepted, refused = (sum(line[n] for line in paper.lines()) for n in (1, 2))
        expected = ("partly_accepted" if accepted else "refused") if refused else "confirmed"
        assert paper.status == expected
        self.books.receive(paper)
        there = paper.holder("receiver")
        for code in paper.packages():
            self.parcels[code] = (there if there.startswith("site:") else "gone", "")
        backs = list(Manifest.objects.filter(returns__number=paper.number))
        assert len(backs) == bool(refused)
        for row in backs:
            back = Paper(row.number, deepcopy(row.document), True, "in_transit", 1, is_return=True)
            assert back.number not in self.papers
            sent = Counter()
            for waste, _, grams, _ in paper.lines():
                sent[waste["code"]] += grams
            aboard = Counter()
            for waste in back.document["wastes"]:
                aboard[waste["code"]] += waste["mass_g"]
            assert +sent == +aboard
            assert (back.holder("generator"), back.holder("receiver")) == (there, paper.holder("generator"))
            assert back.plate(1) == paper.plate(paper.leg)
            self.papers[back.number] = back
            self.parcels |= {code: (back.plate(1), back.number) for code in back.packages()}

    def repeat(self, pick):
        """The same act under the same key again, however late: nothing happens."""
        if not self.done:
            return
        number, event, payload, who, key = self.done[pick % len(self.done)]
        before = self.counts()
        assert advance(number, Event(event), payload, act=self.act(who, key=key)).number == number
        assert self.counts() == before

    def update(self, pick, who, what, grams):
        paper = self.paper(pick)
        if paper is None:
            return
        patch = [
            {"wastes": [{"mass_g": grams}]}, {"carriers": [{"vehicle": "浙E77777"}]}, {"wastes": [{"form": "S"}]},
            {"carriers": [{}, {"vehicle": "浙E88888"}]}, {"wastes": []}, {"carriers": []}, {"receiver": None},
            {"generator": {"site": "S-stranger"}}, {"profile": "medical"}, {"receiver": {"handler": "钱七"}},
            {"wastes": [{"code": OIL}]}, {"receipt": {"opinion": "好"}}, {"nonsense": 1}, {"wastes": 7},
        ][what % 14]  # fmt: skip
        if what % 14 in (3,) and len(paper.document.get("carriers") or []) < 2:
            return
        near = [self.firm(paper, "generator"), self.firm(paper, 0), *sorted(self.world.people)]
        name = near[who % len(near)] or "maker"
        manifest = self.attempt(lambda: update_manifest(paper.number, patch, act=self.act(name)))
        if manifest is not None:
            self.keep(paper, manifest)
            assert paper.status == manifest.status

    def amend(self, pick, what, grams):
        paper = self.paper(pick if what % 2 else pick - pick % 10)
        if paper is None:
            return
        after = deepcopy(paper.document)
        change = [
            lambda: after["wastes"][0].update(mass_g=grams), lambda: after["carriers"][0].update(vehicle="浙E77777"),
            lambda: after["carriers"][-1].update(vehicle="皖A66666"), lambda: after["generator"].update(note="补"),
            lambda: after["receipt"]["lines"][0].update(accepted_g=grams), lambda: after.pop("receipt"),
            lambda: after["receipt"]["lines"][0].update(refused_g=grams), lambda: after["wastes"].pop(),
            lambda: after["receiver"].update(site="S-other"), lambda: after["carriers"].pop(),
            lambda: after["receipt"]["lines"][0].update(lost_g=grams), lambda: after.pop("generator"),
            lambda: after["wastes"][0].update(code=PAINT), lambda: after["generator"].update(site="S-other"),
            lambda: after["carriers"][0].pop("vehicle"), lambda: after.update(wastes=[]),
        ][what % 16]  # fmt: skip
        try:
            change()
        except (KeyError, IndexError):
            return

        def call():
            with transaction.atomic():
                return amending.apply(
                    Applied(f"manifest:{paper.number}", paper.events, paper.document, after, (), 1, "maker",
                            NOW + timedelta(minutes=self.hour))
                )  # fmt: skip

        if paper.status in ("draft", "void"):
            return  # nothing is signed: ``current`` gives no such document to the amendments
        if self.attempt(call) is None:
            return
        plate, old = paper.plate(paper.leg) if paper.leg else "", paper.document
        self.keep(paper, Manifest.objects.get(number=paper.number), sealed=False)
        if is_booked(changed_places(old, paper.document)) and (not paper.is_return or paper.received):
            self.books.book_anew(paper)
        if paper.status in ("in_transit", "delivered") and paper.plate(paper.leg) != plate:
            self.parcels |= {code: (paper.plate(paper.leg), paper.number) for code in paper.packages()}

    def ask_for_a_note(self, pick, who):
        """Through the amendments: the sender's own note needs nobody's leave."""
        paper = self.paper(pick)
        if paper is None:
            return
        people = sorted(self.world.people)
        name = self.firm(paper, "generator") if who % 3 else people[who % len(people)]
        note = paper.document["generator"].get("note", ABSENT)
        new = amendments.NewAmendment(
            f"manifest:{paper.number}", [Change("/generator/note", note, f"第 {self.hour} 次")], slot="generator"
        )
        act = self.act(name)
        if self.attempt(lambda: amendments.request_amendment(new, user=act.person, at=act.server_at)) is not None:
            assert paper.status not in ("draft", "void")
            assert name == self.firm(paper, "generator")
            self.keep(paper, Manifest.objects.get(number=paper.number), sealed=False)
