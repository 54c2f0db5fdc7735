"""Which places a person may open, and which years of each there is something to see of."""

from dataclasses import dataclass
from datetime import date

from wufei.apps.assessment import selectors as assessment
from wufei.apps.plans import selectors as plans
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES, scope
from wufei.core.divisions import place_of


@dataclass(frozen=True, slots=True)
class Place:
    """A place whose plan the person may see.

    ``sees_figures``: also the reported figures, scores and findings of the whole place (not for a township's person).
    ``figure_years``: of which there are reported figures, the latest first.
    ``years``: the most telling first — the last year with reported figures, then the others, latest first.
    """

    division: str
    name: str
    title: str
    has_rules: bool
    figure_years: tuple[int, ...]
    years: tuple[int, ...]
    sees_figures: bool


def is_firm(user: User) -> bool:
    """Whether the person belongs to a firm, which sees the page of its own sites only."""
    return user.role in FIRM_ROLES


def place_codes(user: User) -> list[tuple[str, str, str]]:
    """Code, name and title of each place that the person may open; one query."""
    return plans.places(plans.visible_plans(user))


def home_code(user: User, codes: list[tuple[str, str, str]]) -> str | None:
    """The place to open first: the person's own, else the first one they may open."""
    own = place_of(user.division_id) if user.division_id else ""
    known = [code for code, _, _ in codes]
    return own if own in known else next(iter(known), None)


def find_place(user: User, division: str, *, today: date) -> Place | None:
    """The place, or ``None`` where the person may not see it."""
    plan = plans.visible_plans(user).filter(division_id=division).first()
    if plan is None:
        return None
    with_values = assessment.years(division)
    others = {*plan.years, *with_values, *({plan.baseline_year} if plan.baseline_year else set()), today.year}
    first = with_values[:1] or ((plan.baseline_year,) if plan.baseline_year else ())
    years = (*first, *sorted(others - set(first), reverse=True))
    return Place(
        division=division,
        name=plan.place,
        title=plan.title,
        has_rules=bool(plan.rule_set),
        figure_years=with_values,
        years=tuple(year for year in years if year),
        sees_figures=scope(user).sees_figures_of(division),
    )
