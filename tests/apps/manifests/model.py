"""A second opinion on manifests: plain Python that predicts stages, who may act, and where each gram must be.

Written from docs/manifests.md, sharing nothing with the code under test.
"""

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import wufei

FIELDS = Path(wufei.__file__).parent / "data" / "manifests" / "fields.csv"
STAGES = ["draft", "submit", "depart", "arrive", "confirm"]
REACHED = {"draft": 0, "submitted": 1, "in_transit": 2, "delivered": 3}  # anything else: 4
# What the page of the manual says may follow; the end of a receipt is told by what was accepted.
LEGAL = {
    ("draft", "submit"): {"submitted"},
    ("draft", "void"): {"void"},
    ("submitted", "void"): {"void"},
    ("submitted", "depart"): {"in_transit"},
    ("in_transit", "hand_over"): {"in_transit"},
    ("in_transit", "arrive"): {"delivered"},
    ("delivered", "confirm"): {"confirmed", "partly_accepted"},
    ("delivered", "refuse"): {"refused"},
    ("submitted", "witness"): {"submitted"},
    ("in_transit", "witness"): {"in_transit"},
    ("delivered", "witness"): {"delivered"},
}
BOUNDARY = "boundary:330523"


def sealed_from() -> dict[str, int]:
    """Pattern of a field -> the stage from which a signature seals it."""
    with FIELDS.open(encoding="utf-8") as handle:
        return {row["pointer"]: STAGES.index(row["sealed_from"]) for row in csv.DictReader(handle)}


def flat(node, at=""):
    """Pointer -> value of a document; a list of texts is one value."""
    if isinstance(node, dict):
        return {p: v for key, value in node.items() for p, v in flat(value, f"{at}/{key}").items()}
    if isinstance(node, list) and any(isinstance(item, dict) for item in node):
        return {p: v for i, value in enumerate(node) for p, v in flat(value, f"{at}/{i}").items()}
    return {at: node}


def changed_places(before, after):
    """The pointers at which two documents differ."""
    old, new = flat(before), flat(after)
    return {p for p in old.keys() | new.keys() if old.get(p) != new.get(p)}


def is_booked(pointers):
    """Whether a change of these places changes what the books say."""
    names = {pointer.rpartition("/")[2] for pointer in pointers}
    return bool(names & {"mass_g", "code", "vehicle", "site", "outside", "accepted_g", "refused_g", "lost_g"})


@dataclass
class Paper:
    """One manifest as the model knows it."""

    number: str
    document: dict
    from_stock: bool
    status: str = "draft"
    leg: int = 0
    events: int = 1
    is_return: bool = False
    moved: Counter = field(default_factory=Counter)  # what it has done to the balances
    packed: dict = field(default_factory=dict)  # package -> grams in it when it departed
    departed: bool = False
    received: bool = False

    def holder(self, end):
        site = self.document.get(end, {}).get("site")
        return f"site:{site}" if site else BOUNDARY

    def plate(self, leg):
        return f"vehicle:{self.document['carriers'][leg - 1]['vehicle']}"

    def packages(self):
        return [code for waste in self.document["wastes"] for code in waste.get("packages") or []]

    def lines(self):
        """(waste, accepted, refused, lost) of a receipt."""
        for waste, line in zip(self.document["wastes"], self.document["receipt"]["lines"], strict=True):
            yield waste, line.get("accepted_g") or 0, line.get("refused_g") or 0, line.get("lost_g") or 0

    def due(self, event):
        """The slot that acts."""
        if event in ("submit", "void"):
            return "generator"
        if event in ("confirm", "refuse"):
            return "receiver"
        if event in ("depart", "hand_over"):
            return self.leg
        return max(self.leg, 1) - 1 if event == "arrive" else "insurer"


class Books:
    """Where each gram must be, by (holder, code, bucket)."""

    def __init__(self):
        self.held = Counter()

    def move(self, paper, source, target, grams):
        if grams:
            for place, change in ((source, -grams), (target, grams)):
                self.held[place] += change
                paper.moved[place] += change

    def depart(self, paper):
        for waste in paper.document["wastes"]:
            code, grams = waste["code"], waste["mass_g"]
            home, truck = paper.holder("generator"), (paper.plate(1), code, "in_transit")
            if home == BOUNDARY:
                source = (home, code, "outside")
            elif not paper.from_stock:
                source = (home, code, "generated")
            else:
                source = (home, code, "stored")
                # All packages were booked where they arose: what they hold beyond the line leaves the store too.
                beyond = max(0, sum(paper.packed.get(p, 0) for p in waste.get("packages") or []) - grams)
                short = grams + beyond - self.held[source]
                if short > 0:
                    self.move(paper, (home, code, "unexplained"), source, short)
                self.move(paper, source, (home, code, "unexplained"), beyond)
            self.move(paper, source, truck, grams)

    def hand_over(self, paper, leg):
        for waste in paper.document["wastes"]:
            code = waste["code"]
            places = [(paper.plate(n), code, "in_transit") for n in (leg, leg + 1)]
            self.move(paper, *places, waste["mass_g"])

    def receive(self, paper):
        there = paper.holder("receiver")
        for waste, accepted, refused, lost in paper.lines():
            code, truck = waste["code"], paper.plate(paper.leg)
            bucket = "outside" if there == BOUNDARY else "stored"
            missing = waste["mass_g"] - accepted - refused - lost
            aboard, gap = (truck, code, "in_transit"), (truck, code, "unexplained")
            self.move(paper, aboard, gap, missing + lost)
            self.move(paper, aboard, (there, code, bucket), accepted)

    def book_anew(self, paper):
        """As if the document had said so from the beginning."""
        for place, change in paper.moved.items():
            self.held[place] -= change
        paper.moved = Counter()
        if paper.departed:
            self.depart(paper)
        for leg in range(1, paper.leg):
            self.hand_over(paper, leg)
        if paper.received:
            self.receive(paper)

    def standing(self):
        return {place: grams for place, grams in self.held.items() if grams}
