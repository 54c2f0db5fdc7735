"""Whom a fact may be told: the one table that decides it for webhooks.

A fact of a subject whose kind stands in ``KINDS`` goes to whoever may see that very thing. Every other fact goes to
those who may read the fact log (the programme office and leaders, within their division), as on the page 操作记录.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet

from wufei.apps.declarations.selectors import visible_plans
from wufei.apps.facts.models import Fact
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import visible_facts, visible_organisations

# kind of subject -> (person, names of subjects) -> those names in the person's sight
M = TypeVar("M", bound=Model)
Audience = Callable[[User, Sequence[str]], set[str]]


def _manifests(user: User, names: Sequence[str]) -> set[str]:
    return set(visible_manifests(user).filter(number__in=names).values_list("number", flat=True))


def _organisations(user: User, names: Sequence[str]) -> set[str]:
    return _by_key(visible_organisations(user), names)


def _management_plans(user: User, names: Sequence[str]) -> set[str]:
    return _by_key(visible_plans(user), names)


def _by_key(rows: QuerySet[M], names: Sequence[str]) -> set[str]:
    keys = [int(name) for name in names if name.isdecimal()]
    return {str(key) for key in rows.filter(pk__in=keys).values_list("pk", flat=True)}


KINDS: dict[str, Audience] = {
    "manifest": _manifests,
    "organisation": _organisations,
    "management_plan": _management_plans,
}


def told_to(user: User, facts: Sequence[Fact]) -> list[Fact]:
    """Those of ``facts`` that ``user`` may be told, in the same order; a query for each kind of subject."""
    named: dict[str, set[str]] = {}
    others: list[int] = []
    for fact in facts:
        kind, _, name = fact.subject.partition(":")
        if kind in KINDS:
            named.setdefault(kind, set()).add(name)
        else:
            others.append(fact.pk)
    seen = {f"{kind}:{name}" for kind, names in named.items() for name in KINDS[kind](user, sorted(names))}
    audited = set(visible_facts(user).filter(pk__in=others).values_list("pk", flat=True)) if others else set()
    return [fact for fact in facts if fact.subject in seen or fact.pk in audited]
