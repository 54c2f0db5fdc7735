"""What an import would bring, as the page shows it before anything is booked."""

from dataclasses import dataclass

from wufei.apps.ledger.reference import name_and_domain
from wufei.apps.weighings.imports import PASSED_NAMES, Checked
from wufei.core.findings import Finding
from wufei.core.weighing import DIRECTION_NAMES, OUTCOME_NAMES, Weighing, kilograms
from wufei.core.weighing_heads import TicketColumn, ticket_columns

FINDINGS_SHOWN = 500
ROWS_SHOWN = 20
TEMPLATE_HEADER = (
    "磅单号",
    "过磅时间",
    "车牌号",
    "货名",
    "毛重(kg)",
    "皮重(kg)",
    "净重(kg)",
    "进出",
    "来源",
    "磅号",
    "联单号",
    "包装码",
    "件数",
    "备注",
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file holds and what is wrong with it."""

    file_name: str
    findings: tuple[Finding, ...]
    more: int
    notes: tuple[Finding, ...]
    more_notes: int
    tickets: int = 0
    new: int = 0
    already: int = 0
    outcomes: tuple[tuple[str, int], ...] = ()
    totals: tuple[tuple[str, str, str, int, str], ...] = ()  # code, name, day, tickets, kilograms
    total_kg: str = ""
    passed: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


HEADINGS = ("行", "磅单号", "过磅时间", "车牌号", "废物", "毛重", "皮重", "净重（千克）", "进出", "来源")


def of_findings(findings: list[Finding], file_name: str) -> Preview:
    """A file that could not be read at all."""
    return Preview(file_name, tuple(findings[:FINDINGS_SHOWN]), max(0, len(findings) - FINDINGS_SHOWN), (), 0)


def of_checked(checked: Checked, file_name: str) -> Preview:
    """A file that was read."""
    totals = [
        (code, name_and_domain(code)[0], f"{day:%Y-%m-%d}", number, kilograms(mass_g))
        for (code, day), (number, mass_g) in checked.totals().items()
    ]
    passed = [f"{PASSED_NAMES[kind]} {number}" for kind, number in sorted(checked.read.passed.items())]
    sum_g = sum(ticket.weighing.net_g for ticket in checked.tickets)
    return Preview(
        file_name,
        checked.findings[:FINDINGS_SHOWN],
        max(0, len(checked.findings) - FINDINGS_SHOWN),
        checked.notes[:FINDINGS_SHOWN],
        max(0, len(checked.notes) - FINDINGS_SHOWN),
        len(checked.tickets),
        len(checked.proven.rows),
        checked.proven.already,
        tuple((OUTCOME_NAMES[outcome], number) for outcome, number in checked.outcomes().items()),
        tuple(totals),
        kilograms(sum_g),
        "、".join(passed),
        tuple(_row(ticket.line, ticket.weighing) for ticket in checked.tickets[:ROWS_SHOWN]),
    )


def _row(line: int, weighing: Weighing) -> tuple[str, ...]:
    masses = [kilograms(g) if g is not None else "" for g in (weighing.gross_g, weighing.tare_g, weighing.net_g)]
    return (
        str(line), weighing.ticket, f"{weighing.weighed_at:%Y-%m-%d %H:%M}", weighing.plate,
        f"{name_and_domain(weighing.waste_code)[0]} {weighing.waste_code}", *masses,
        DIRECTION_NAMES[weighing.direction], weighing.source,
    )  # fmt: skip


def columns() -> tuple[TicketColumn, ...]:
    """The columns of which the page tells."""
    return tuple(column for column in ticket_columns() if column.field != "ignored")
