"""A toy document that three firms have signed, with rules of the manifests' table."""

from datetime import datetime

import pytest

from wufei.apps.amendments import subjects
from wufei.apps.amendments.subjects import AmendableKind, Current
from wufei.apps.registry.models import Division, Organisation, User
from wufei.core.credit_code import make_credit_code
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import SHANGHAI
from wufei.core.pointers import value_at

AT = datetime(2026, 11, 25, 9, tzinfo=SHANGHAI)  # a Wednesday
SUBJECT = "memo:1"


class Memos:
    """One document, every version kept; ``applied`` tells each call."""

    def __init__(self, parties):
        self.parties = parties
        self.versions = [{
            "generator": {"note": "", "site": "S1"},
            "wastes": [{"code": "900-214-08", "mass_g": 1000}],
            "carriers": [{"driver": "王", "waybill": "W1"}],
            "receipt": {"opinion": "", "has_major_difference": False},
        }]  # fmt: skip
        self.applied = []
        self.refuse = False
        self.unseen = set()

    @property
    def document(self):
        return self.versions[-1]

    def current(self, subject, lock):
        if subject != SUBJECT:
            return None
        return Current(self.document, len(self.versions), "hazardous", self.parties, "330523001", "备忘 1")

    def apply(self, applied):
        if self.refuse:
            raise Refused([Finding(None, "", "账期已结。", "请联系主管部门。", "closed_period")])
        self.applied.append(applied)
        self.versions.append(applied.after)
        return len(self.versions)

    def sees(self, user, subject):
        return user.username not in self.unseen

    def change(self, pointer, after):
        from wufei.core.amendment import Change

        return Change(pointer, value_at(self.document, pointer), after)


@pytest.fixture
def anji(db):
    parent = None
    for code, prefix, level in [("330500", "3305", 2), ("330523", "330523", 3), ("330523001", "330523001", 4)]:
        parent = Division.objects.create(code=code, prefix=prefix, name=code, level=level, parent=parent)
    return Division.objects.get(pk="330523")


@pytest.fixture
def people(anji):
    """One person each: generator, carrier, receiver, a stranger's firm, the office."""
    made = {}
    for number, (name, role) in enumerate(
        [("generator", "generator"), ("carrier", "carrier"), ("receiver", "facility"), ("stranger", "generator")], 1
    ):
        firm = Organisation.objects.create(
            credit_code=make_credit_code("330523", number), name=f"单位{name}", division_id="330523001", kind=role
        )
        made[name] = User.objects.create(username=name, role=role, division=anji, organisation=firm)
    made["office"] = User.objects.create(username="office", role="programme_office", division=anji)
    return made


@pytest.fixture
def memos(people):
    parties = {"generator": "generator", "carrier:1": "carrier", "receiver": "receiver"}
    made = Memos({slot: people[name].organisation_id for slot, name in parties.items()})
    kind = AmendableKind(made.current, made.apply, made.sees, rules="manifests/amendments.csv")
    subjects.register_amendable("memo", kind)
    yield made
    subjects.unregister_amendable("memo")
