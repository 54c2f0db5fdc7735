"""Whom a fact may be told: the one table that decides it for webhooks.

A fact of a subject whose kind stands in ``KINDS`` goes to whoever may see that very thing, unless its verb stands in
``AUDITED``. Every other fact goes to those who may read the fact log (the programme office and leaders, within their
division), as on the page 操作记录.
"""

from collections.abc import Callable, Sequence
from copy import copy
from typing import TypeVar

from django.db.models import Model, QuerySet

from wufei.apps.amendments.selectors import visible_amendments, visible_corrections
from wufei.apps.declarations.selectors import (
    visible_contracts,
    visible_declarations,
    visible_entries,
    visible_handling_plans,
    visible_plans,
)
from wufei.apps.facts.models import Fact
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.manifests.trip_selectors import visible_trips
from wufei.apps.packages.selectors import visible_packages, visible_steps
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import visible_facts, visible_organisations, visible_sites
from wufei.apps.registry.transfer_reads import visible_transfers
from wufei.apps.weighings.selectors import visible_imports, visible_weighings

# kind of subject -> (person, names of subjects) -> those names in the person's sight
M = TypeVar("M", bound=Model)
Audience = Callable[[User, Sequence[str]], set[str]]
# These stand in the document of a fact whose subject is what they change; their own sight decides, which is narrower.
BY_DOCUMENT = ("amendment", "correction_request")
# Who looked at personal data or asked for a code is read by those who audit, not by all who see the document.
AUDITED = frozenset({"read_personal_data", "reveal_evidence", "issue_code", "mistype_code"})
ACTION = "packages"  # one act on several packages, of which a person may see only some


def _manifests(user: User, names: Sequence[str]) -> set[str]:
    return set(visible_manifests(user).filter(number__in=names).values_list("number", flat=True))


def _trips(user: User, names: Sequence[str]) -> set[str]:
    return set(visible_trips(user).filter(number__in=names).values_list("number", flat=True))


def _packages(user: User, names: Sequence[str]) -> set[str]:
    return set(visible_packages(user).filter(code__in=names).values_list("code", flat=True))


def _actions(user: User, names: Sequence[str]) -> set[str]:
    """Acts on packages of which the person sees at least one; ``_as_seen`` leaves out the others."""
    steps = visible_steps(user).filter(action__in=_numbers(names))
    return {str(key) for key in steps.order_by().values_list("action_id", flat=True).distinct()}


def _weighings(user: User, names: Sequence[str]) -> set[str]:
    """Tickets by ``site/device/ticket``; sites and devices hold no slash."""
    parts = [name.split("/", 2) for name in names]
    whole = [part for part in parts if len(part) == 3]
    rows = visible_weighings(user).filter(
        site__code__in={part[0] for part in whole}, ticket__in={part[2] for part in whole}
    )
    found = {"/".join(row) for row in rows.values_list("site__code", "device", "ticket")}
    return found & set(names)


def _sites(user: User, names: Sequence[str]) -> set[str]:
    return set(visible_sites(user).filter(code__in=names).values_list("code", flat=True))


def _numbers(names: Sequence[str]) -> list[int]:
    return [int(name) for name in names if name.isdecimal()]


def _by_key(visible: Callable[[User], QuerySet[M]]) -> Audience:
    def audience(user: User, names: Sequence[str]) -> set[str]:
        rows = visible(user).filter(pk__in=_numbers(names))
        return {str(key) for key in rows.values_list("pk", flat=True)}

    return audience


KINDS: dict[str, Audience] = {
    "amendment": _by_key(visible_amendments),
    "book_entry": _by_key(visible_entries),
    "contract": _by_key(visible_contracts),
    "correction_request": _by_key(visible_corrections),
    "declaration": _by_key(visible_declarations),
    "handling_plan": _by_key(visible_handling_plans),
    "management_plan": _by_key(visible_plans),
    "manifest": _manifests,
    "organisation": _by_key(visible_organisations),
    "package": _packages,
    ACTION: _actions,
    "region_transfer": _by_key(visible_transfers),
    "site": _sites,
    "ticket_import": _by_key(visible_imports),
    "trip": _trips,
    "weighing": _weighings,
}


def told_to(user: User, facts: Sequence[Fact]) -> list[Fact]:
    """Those of ``facts`` that ``user`` may be told, in the same order; a query for each kind of subject."""
    named: dict[str, set[str]] = {}
    others: list[int] = []
    for fact in facts:
        kind, name = _matter(fact)
        if kind in KINDS and fact.verb not in AUDITED:
            named.setdefault(kind, set()).add(name)
        else:
            others.append(fact.pk)
    seen = {(kind, name) for kind, names in named.items() for name in KINDS[kind](user, sorted(names))}
    audited = set(visible_facts(user).filter(pk__in=others).values_list("pk", flat=True)) if others else set()
    told = [f for f in facts if f.pk in audited or (f.verb not in AUDITED and _matter(f) in seen)]
    return _as_seen(user, told)


def _matter(fact: Fact) -> tuple[str, str]:
    """Kind and name of what decides who is told."""
    kind, _, name = fact.document.partition(":")
    if kind not in BY_DOCUMENT:
        kind, _, name = fact.subject.partition(":")
    return kind, name


def _as_seen(user: User, facts: list[Fact]) -> list[Fact]:
    """The same facts; of packages of several firms only the codes that the person sees, and no sums over all."""
    codes = {code for fact in facts for code in _codes(fact)}
    if not codes:
        return facts
    seen = _packages(user, sorted(codes))
    return [fact if seen.issuperset(_codes(fact)) else _reduced(fact, seen) for fact in facts]


def _codes(fact: Fact) -> list[str]:
    """The codes of packages that a fact tells besides its own subject."""
    if not fact.subject.startswith(("package:", "packages:")) or not isinstance(fact.after, dict):
        return []
    after = fact.after
    return [*after.get("codes", []), *after.get("made", []), *([after["box"]] if after.get("box") else [])]


def _reduced(fact: Fact, seen: set[str]) -> Fact:
    told, after = copy(fact), dict(fact.after or {})
    kept = [code for code in after.get("codes", []) if code in seen]
    told.after = {"count": len(kept), "codes": kept}
    if after.get("manifest"):
        told.after["manifest"] = after["manifest"]
    return told
