"""A toy document that can be signed, its firms and people."""

from datetime import datetime

import pytest

from wufei.apps.registry.models import Division, Organisation, User
from wufei.apps.signatures import subjects
from wufei.apps.signatures.subjects import SubjectKind, Summary
from wufei.core.credit_code import make_credit_code
from wufei.core.ledger import SHANGHAI
from wufei.core.signature import content_hash

AT = datetime(2026, 11, 25, 8, 30, tzinfo=SHANGHAI)


class Notes:
    """Documents ``note:<n>`` with a text, every version kept."""

    def __init__(self):
        self.versions = {}
        self.host = None
        self.owner = None
        self.after = []

    def write(self, subject, text):
        self.versions.setdefault(subject, []).append({"text": text})
        return self.versions[subject][-1]

    def content(self, asked):
        return (self.versions.get(asked.subject) or [None])[-1]

    def signed_content(self, signature):
        for version in self.versions.get(signature.subject, []):
            if content_hash(version) == signature.content_hash:
                return version
        return None

    def summary(self, asked):
        content = self.content(asked)
        return Summary(f"便条 {asked.subject}", (("内容", content["text"]),)) if content else None

    def on_signed(self, signature, asked, at):
        self.after.append((signature.subject, dict(asked.payload)))


@pytest.fixture
def notes():
    made = Notes()
    kind = SubjectKind(
        summary=made.summary,
        content=made.content,
        signed_content=made.signed_content,
        may_host=lambda user, asked: user.username == made.host,
        party=lambda asked: made.owner,
        on_signed=made.on_signed,
    )
    subjects.register_subject("note", kind)
    yield made
    subjects.unregister_subject("note")


@pytest.fixture
def anji(db):
    parent = None
    for code, prefix, level in [("330500", "3305", 2), ("330523", "330523", 3), ("330523001", "330523001", 4)]:
        parent = Division.objects.create(code=code, prefix=prefix, name=code, level=level, parent=parent)
    return Division.objects.get(pk="330523")


@pytest.fixture
def make_firm(anji):
    def make(number, kind="generator"):
        return Organisation.objects.create(
            credit_code=make_credit_code("330523", number), name=f"单位{number}", division_id="330523001", kind=kind
        )

    return make


@pytest.fixture
def make_user(anji):
    def make(username, firm=None, role="generator", **more):
        return User.objects.create(
            username=username, role=role, division=anji, organisation=firm, display_name=f"姓名{username}", **more
        )

    return make
