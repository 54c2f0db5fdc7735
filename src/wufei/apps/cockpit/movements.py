"""The panels of what the ledger says: a stream of the flow picture, or a data element derived from the ledger.

Sums are shown to everyone who sees the place's figures; single movements only in the domains of a person's duty.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from wufei.apps.assessment.ledger_values import ledger_value_set
from wufei.apps.cockpit.figures import decimal_text, tonnes, tonnes_text
from wufei.apps.cockpit.flows import treated
from wufei.apps.cockpit.labels import STAGES
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.ledger import behind
from wufei.apps.ledger.behind import Between, MovementPage
from wufei.apps.ledger.reference import name_and_domain
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import scope
from wufei.core import catalogue, indicators
from wufei.core.catalogue import DOMAIN_NAMES
from wufei.core.ledger import BalanceLine, Bucket, FlowRow
from wufei.core.ledger_elements import Filter, Measure, ledger_elements
from wufei.core.numbers import grouped_text
from wufei.core.units import unit_name

PAGE = 20
ENDS = {
    "generated": Between(source_buckets=(Bucket.GENERATED,)),
    "received": Between(source_buckets=(Bucket.OUTSIDE,)),
    "utilised": Between(target_buckets=(Bucket.UTILISED,)),
    "disposed": Between(target_buckets=(Bucket.DISPOSED,)),
    "dumped": Between(target_buckets=(Bucket.DUMPED,)),
    "sent": Between(target_buckets=(Bucket.OUTSIDE,)),
    "unexplained": Between(target_buckets=(Bucket.UNEXPLAINED,)),
}
MEASURES = {Measure.MASS: "质量合计", Measure.COUNT: "计数合计", Measure.HOLDERS: "单位数"}


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One waste code of a stream."""

    code: str
    name: str
    mass: str
    url: str


@dataclass(frozen=True, slots=True)
class MovementLine:
    """One movement behind a figure."""

    at: str
    source: str
    target: str
    waste: str
    mass: str
    document: str
    is_simulated: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class MassPanel:
    """All that the panel shows."""

    title: str
    place: str
    year: int
    is_simulated: bool
    facts: tuple[tuple[str, str, str], ...]
    codes: tuple[CodeRow, ...]
    movements: tuple[MovementLine, ...]
    next_url: str
    no_movements: str
    url: str
    back_url: str


def read_key(text: str) -> int:
    """The key to go on from; 0 (the beginning) for anything that is not one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _lines(page: MovementPage) -> tuple[MovementLine, ...]:
    return tuple(
        MovementLine(
            at=f"{row.at:%Y-%m-%d %H:%M}",
            source=row.source,
            target=row.target,
            waste=row.waste_name,
            mass=("冲销 " if row.is_reversal else "") + grouped_text(tonnes(row.mass_g)),
            document=row.document,
            is_simulated=row.is_simulated,
        )
        for row in page.rows
    )


def _seen_codes(user: User, codes: Sequence[str]) -> list[str]:
    """Of ``codes`` those whose movements the person may see one by one."""
    seen = scope(user)
    return [code for code in codes if seen.sees_all_domains or name_and_domain(code)[1] in seen.domains]


def _page(division: str, year: int, meant: Sequence[Between], after: str) -> MovementPage:
    """The movements of ``meant`` (each with its codes) that the person may see."""
    seen = [between for between in meant if between.codes]
    return behind.movements_between(
        division, date(year, 1, 1), date(year, 12, 31), seen, after=read_key(after), limit=PAGE
    )


def _masses(asked: PlaceYear, stage: str, code: str, method: str) -> list[tuple[BalanceLine, int]]:
    """The waste codes of one stage (and method, where one is asked for) with their grams, the largest first."""
    by_method = _by_method(asked.flows, stage, method) if method else {}
    lines = [
        (line, by_method.get(line.waste_code, 0) if method else getattr(line, f"{stage}_g"))
        for line in asked.balance(asked.domain).codes
        if not code or line.waste_code == code
    ]
    return sorted(((line, mass) for line, mass in lines if mass), key=lambda pair: -pair[1])


def _mass_facts(stage: str, domain: str, method: str, mass_g: int) -> list[tuple[str, str, str]]:
    facts = [("领域", DOMAIN_NAMES[domain], "")] if domain else []
    if method:
        known = catalogue.methods().get(method)
        facts.append(("方式", known.name if known else method, ""))
    facts.append(("合计", f"{grouped_text(tonnes(mass_g))} 吨", "精确到克"))
    return [*facts, ("含义", STAGES[stage].help, "")]


def mass_panel(asked: PlaceYear, *, stage: str, code: str, method: str, after: str) -> MassPanel | None:
    """One stage of the flow picture: its mass by waste code, and the movements behind it, a page at a time."""
    division, domain, label = asked.mass_division, asked.domain, STAGES[stage]
    if division is None:
        return None
    masses = _masses(asked, stage, code, method)
    kept = {"year": asked.year, "domain": domain, "method": method}

    def url_of(waste_code: str, after: int | None = None) -> str:
        given = {**kept, "code": waste_code, "after": after}
        return f"{asked.base}mass/{stage}/?{urlencode({key: value for key, value in given.items() if value})}"

    page = MovementPage(())
    if stage in ENDS:
        ends = ENDS[stage]
        codes = _seen_codes(asked.user, [line.waste_code for line, _ in masses])
        meant = Between(
            codes=codes,
            source_buckets=ends.source_buckets,
            target_buckets=ends.target_buckets,
            methods=(method,) if method else (),
        )
        page = _page(division, asked.year, [meant], after)
    return MassPanel(
        title=f"{label.text}：{masses[0][0].name if code and masses else DOMAIN_NAMES.get(domain, '全部领域')}",
        place=asked.mass_place,
        year=asked.year,
        is_simulated=asked.balance(domain).is_simulated,
        facts=tuple(_mass_facts(stage, domain, method, sum(mass for _, mass in masses))),
        codes=tuple(
            CodeRow(line.waste_code, line.name, tonnes_text(mass), "" if code else url_of(line.waste_code))
            for line, mass in masses
        ),
        movements=_lines(page),
        next_url=url_of(code, page.next_after) if page.next_after else "",
        no_movements=_no_movements(stage),
        url=url_of(code),
        back_url=asked.query.url(asked.base, "#material"),
    )


def _by_method(flows: Sequence[FlowRow], bucket: str, method: str) -> dict[str, int]:
    """Grams that one method utilised or disposed of, per waste code."""
    sums: dict[str, int] = defaultdict(int)
    for row in treated(flows, ""):
        if (row.bucket, row.method) == (bucket, method):
            sums[row.waste_code] += row.mass_g
    return sums


def _no_movements(stage: str) -> str:
    if stage in ENDS:
        return "没有记录，或这些记录不在您的职责范围内。"
    return "期初、期末库存是余额，不是单独的记录。"


def _between(terms: Filter, codes: Sequence[str]) -> Between:
    return Between(
        codes=[code for code in codes if terms.admits_waste(code, name_and_domain(code)[1])],
        kinds=terms.kinds,
        source_buckets=terms.source_buckets,
        target_buckets=terms.target_buckets,
        source_categories=terms.source_categories,
        target_categories=terms.target_categories,
    )


def element_panel(asked: PlaceYear, *, element: str, part: str, after: str) -> MassPanel | None:
    """A data element that the ledger answers: its value, how it is summed, and the movements behind it."""
    definition = next((d for d in ledger_elements() if (d.element, d.scope) == (element, part)), None)
    if definition is None or not asked.place.sees_figures:
        return None
    value = ledger_value_set(asked.division, asked.year, flows=asked.flows).get(element, str(asked.year), part)
    codes = _seen_codes(asked.user, behind.used_codes())
    meant = [_between(terms, codes) for _, terms in definition.terms]
    page = _page(asked.division, asked.year, meant, after)
    name = indicators.name_of(element) + (f"（{indicators.scope_name(part)}）" if part else "")
    shown = (
        f"{decimal_text(value.value)} {unit_name(value.unit)}" if value and value.value is not None else "台账里没有"
    )
    facts = [("数值", shown, ""), ("怎么来的", f"台账记录的{MEASURES[definition.measure]}", "")]
    if definition.note:
        facts.append(("说明", definition.note, ""))
    if any(sign < 0 for sign, _ in definition.terms):
        facts.append(("注意", "有的记录是减项", ""))

    def url_of(after: int | None = None) -> str:
        given = {"year": asked.year, "scope": part, "after": after}
        return f"{asked.base}elements/{element}/?{urlencode({key: value for key, value in given.items() if value})}"

    return MassPanel(
        title=name,
        place=asked.place.name,
        year=asked.year,
        is_simulated=bool(value and value.is_simulated),
        facts=tuple(facts),
        codes=(),
        movements=_lines(page),
        next_url=url_of(page.next_after) if page.next_after else "",
        no_movements="没有记录，或这些记录不在您的职责范围内。",
        url=url_of(),
        back_url=asked.query.url(asked.base, "#indicators"),
    )
