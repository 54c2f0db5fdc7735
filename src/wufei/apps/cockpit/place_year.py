"""One place in one year as one person asks for it: what the parts of the page rest on, each read at most once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from wufei.apps.assessment import selectors as assessment
from wufei.apps.assessment.assess import assess, compare
from wufei.apps.cockpit.places import Place
from wufei.apps.cockpit.query import Query
from wufei.apps.ledger import selectors as ledger
from wufei.apps.plans import selectors as plans
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import scope
from wufei.core import plan
from wufei.core.catalogue import DOMAIN_NAMES
from wufei.core.divisions import prefix_of
from wufei.core.ledger import FlowRow, MassBalance
from wufei.core.scoring import Assessment, PartialStep, TargetScore
from wufei.core.validation import Issue
from wufei.core.values import Origin, ValueSet


def ledger_division(user: User, division: str) -> str | None:
    """The division whose mass ``user`` sees on the page of ``division``: the place's, or their own township's."""
    seen = scope(user)
    if seen.covers(division):
        return division
    if user.division_id and user.division_id.startswith(prefix_of(division)) and seen.covers(user.division_id):
        return str(user.division_id)
    return None


@dataclass(frozen=True)
class PlaceYear:
    """What is asked of a place and year; ``base`` is the address of the place's page."""

    user: User
    place: Place
    query: Query
    base: str
    _balances: dict[str, MassBalance] = field(default_factory=dict, repr=False)

    @property
    def division(self) -> str:
        """The code of the place."""
        return self.place.division

    @property
    def year(self) -> int:
        """The year asked for."""
        return self.query.year

    @property
    def department(self) -> str:
        """The department of the person; empty where they belong to none."""
        return self.user.department.name if self.user.department_id and self.user.department else ""

    @property
    def domain(self) -> str:
        """The domain of waste asked for; empty for all of them."""
        return self.query.domain if self.query.domain in DOMAIN_NAMES else ""

    @cached_property
    def pack(self) -> plan.Pack:
        """The plan of the place; six queries."""
        return plans.pack(self.division)

    @cached_property
    def targets(self) -> Mapping[str, plan.Target]:
        """The targets of the plan by their number in the document."""
        return {target.no: target for target in self.pack.targets if target.no}

    @cached_property
    def mass_division(self) -> str | None:
        """The division whose mass the person sees here; ``None`` where they see none."""
        return ledger_division(self.user, self.division)

    @property
    def mass_place(self) -> str:
        """The name of the division whose mass is shown: the place, or the township of the person."""
        return self.place.name if self.mass_division == self.division else str(self.user.division)

    @cached_property
    def flows(self) -> list[FlowRow]:
        """What moved in the year, as far as the person sees; the dearest query of the page."""
        return ledger.year_flows(self.mass_division, self.year) if self.mass_division else []

    def balance(self, domain: str = "") -> MassBalance:
        """The balance of the year, of one domain or of all."""
        assert self.mass_division is not None
        if domain not in self._balances:
            self._balances[domain] = ledger.mass_balance(
                self.mass_division, self.year, domain or None, flows=self.flows
            )
        return self._balances[domain]

    @cached_property
    def reported(self) -> ValueSet:
        """The figures that were reported or published; one query."""
        return assessment.value_set(self.division, self.year)

    @cached_property
    def values(self) -> ValueSet:
        """The figures that are asked for: as reported, or as the ledger knows them."""
        if self.query.values != Origin.LEDGER:
            return self.reported
        return assessment.from_ledger(self.reported, self.year, flows=self.flows)

    @cached_property
    def scored(self) -> Assessment | None:
        """The figures under the place's rule set; ``None`` where it has none."""
        if not self.place.has_rules:
            return None
        return assess(self.division, self.year, values=self.values, partial_step=PartialStep(self.query.step))

    @cached_property
    def compared(self) -> list[TargetScore]:
        """The targets of the plan beside the figures, for a place without rules."""
        return compare(self.pack, self.year, values=self.values)

    @cached_property
    def issues(self) -> list[Issue]:
        """What the checks find in the reported figures, the gravest first."""
        return assessment.check(self.division, self.year, values=self.reported, pack=self.pack)

    @property
    def series_years(self) -> list[int]:
        """The years of which there are figures, and the one asked for."""
        return sorted({*self.place.figure_years, self.year})

    def item_url(self, item: str) -> str:
        """The address of an item's panel; it carries only what changes the figure."""
        asked = Query(year=self.year, values=self.query.values, step=self.query.step)
        return asked.url(f"{self.base}items/{item}/")
