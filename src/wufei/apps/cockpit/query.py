"""What the address of a place's page asks for: ``?year=2022&values=ledger&section=…``, read once and written back.

Invariant: an unknown or unreadable part of the address falls back to its default; it never raises.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from wufei.apps.cockpit.labels import PARTIAL_STEPS, VALUES

SORTS = ("no", "name", "value", "target", "gap", "points", "status")
LISTS = ("targets", "tasks", "projects", "responsibilities")
DEFAULTS = {"year": "0", "values": "reported", "step": "ceil", "sort": "no", "list": "tasks"}


@dataclass(frozen=True, slots=True)
class Query:
    """The parts of the address; an empty text means "all" or "the default"."""

    year: int = 0
    values: str = "reported"
    step: str = "ceil"
    section: str = ""
    status: str = ""
    department: str = ""
    q: str = ""
    sort: str = "no"
    list: str = "tasks"
    lead: str = ""
    domain: str = ""

    @property
    def parts(self) -> dict[str, str]:
        """The parts that differ from the default, as texts."""
        given = {f.name: str(getattr(self, f.name)) for f in fields(self)}
        return {k: v for k, v in given.items() if v and DEFAULTS.get(k) != v}

    def url(self, path: str, anchor: str = "", **changes: str | int) -> str:
        """``path`` with these parts, some of them changed."""
        asked = urlencode(replace(self, **changes).parts)  # type: ignore[arg-type]  # names checked by replace
        return f"{path}{'?' + asked if asked else ''}{anchor}"

    def kept(self, *without: str) -> tuple[tuple[str, str], ...]:
        """Name and value of the parts that a form must carry along, but for those it has fields for."""
        return tuple((k, v) for k, v in self.parts.items() if k not in without)


def _one_of(text: str, allowed: Mapping[str, object] | tuple[str, ...], default: str) -> str:
    return text if text in allowed else default


def read_query(given: Mapping[str, str], *, years: tuple[int, ...]) -> Query:
    """Read the address; the year falls back to the first of ``years`` (the most telling one)."""
    asked = given.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else 0
    descending = given.get("sort", "").startswith("-")
    sort = _one_of(given.get("sort", "").removeprefix("-"), SORTS, "no")
    return Query(
        year=year if year in years else (years[0] if years else 0),
        values=_one_of(given.get("values", ""), VALUES, "reported"),
        step=_one_of(given.get("step", ""), PARTIAL_STEPS, "ceil"),
        section=given.get("section", "")[:80],
        status=given.get("status", "")[:20],
        department=given.get("department", "")[:60],
        q=given.get("q", "")[:60].strip(),
        sort=f"-{sort}" if descending else sort,
        list=_one_of(given.get("list", ""), LISTS, "tasks"),
        lead=given.get("lead", "")[:60],
        domain=given.get("domain", "")[:20],
    )
