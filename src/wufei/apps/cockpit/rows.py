"""The rows of the place's page, made for the templates: text, flags and addresses; none can start a query."""

from dataclasses import dataclass, field

from wufei.apps.cockpit.figures import Spark
from wufei.apps.cockpit.labels import Label


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a selector on the page."""

    key: str
    label: str
    url: str
    active: bool
    help: str = ""
    count: int | None = None
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """How many items of a section have a status."""

    status: str
    label: Label
    number: int


@dataclass(frozen=True, slots=True)
class Section:
    """The progress of one section: points of what could be scored, and how much could not be scored yet.

    The bar (0 to 100 of the maximum) is points won, then points lost; the rest is open (pending, judged, no data).
    ``is_part``: a group inside the section above it.
    """

    name: str
    points: str
    scored_max: str
    max_points: str
    won_width: str
    lost_width: str
    counts: tuple[Count, ...]
    number: int
    has_points: bool
    has_scored: bool
    is_part: bool


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator (or scored item) of the place in one year.

    ``exact`` is the value to its last decimal, where ``value`` is rounded. ``target_year`` is set where it is
    another year's.
    """

    id: str
    no: str
    name: str
    section: str
    mark: Label | None
    mark_key: str
    value: str
    exact: str
    unit: str
    target: str
    target_year: str
    gap: str
    gap_is_good: bool | None
    points: str
    max_points: str
    points_share: float | None
    status: Label
    status_key: str
    reason: str
    departments: tuple[str, ...]
    spark: Spark | None
    url: str
    is_own: bool
    is_simulated: bool
    sort: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of one of the four lists."""

    no: str
    title: str
    group: str
    source: str
    lead: tuple[str, ...]
    is_own: bool
    joining: tuple[str, ...] = ()
    deadline: str = ""
    amount: str = ""
    is_overdue: bool = False


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One stream of the flow picture, as a row of the table beside it."""

    source: str
    target: str
    mass: str
    url: str


@dataclass(frozen=True, slots=True)
class TownRow:
    """One township on the map and in the table beside it."""

    name: str
    mass: str
    facilities: tuple[str, ...]
    position: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding of the checks."""

    rule: str
    subject: str
    message: str
    proposal: str
    source: str
    anchor: str


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one level."""

    level: Label
    rows: tuple[FindingRow, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One large figure at the head of the page."""

    label: str
    value: str
    unit: str
    note: str
    help: str
