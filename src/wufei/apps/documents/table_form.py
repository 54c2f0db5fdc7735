"""A form that is one or several tables, for declarations, plans and lists: see ``TableForm``."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from wufei.apps.documents.pdf import NoFont, render_pdf
from wufei.apps.documents.qr import qr_svg

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its share of the width (``None``: as wide as its content), where its text stands."""

    head: str
    share: int | None = 1
    align: Literal["left", "right", "center"] = "left"


@dataclass(frozen=True, slots=True)
class Section:
    """One table. ``rows`` have as many texts as there are columns."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A pair at the head of the form; a wide one has a line of its own."""

    label: str
    value: str
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class TableForm:
    """A form on A4.

    Attributes:
        number: stands at the foot of each page.
        fields_across: pairs of ``fields`` in one line.
        signatures: (label, name); an empty name leaves a line to sign on.
        printed_at: as text, local time.
        qr_url: what the QR code in the corner holds; empty for none.
    """

    title: str
    sections: Sequence[Section]
    subtitle: str = ""
    number: str = ""
    fields: Sequence[Field] = ()
    fields_across: int = 2
    note: str = ""
    signatures: Sequence[tuple[str, str]] = ()
    is_landscape: bool = False
    is_simulated: bool = False
    printed_at: str = ""
    no_rows: str = "本期无记录"
    qr_url: str = ""


def render_table_form(form: TableForm) -> bytes:
    """The form as PDF; the head of a table stands again on each page."""
    for section in form.sections:
        assert all(len(row) == len(section.columns) for row in section.rows), section.title
    data: dict[str, Any] = {
        "title": form.title,
        "subtitle": form.subtitle,
        "number": form.number,
        "fields": [[pair.label, pair.value, pair.is_wide] for pair in form.fields],
        "fields_across": form.fields_across,
        "sections": [
            {"title": s.title, "columns": columns_data(s.columns), "rows": [list(row) for row in s.rows]}
            for s in form.sections
        ],
        "note": form.note,
        "signatures": [list(line) for line in form.signatures],
        "landscape": form.is_landscape,
        "is_simulated": form.is_simulated,
        "printed_at": form.printed_at,
        "no_rows": form.no_rows,
        "qr": qr_svg(form.qr_url) if form.qr_url else "",
    }
    return render_pdf("table_form", data)


def columns_data(columns: Sequence[Column]) -> list[list[str]]:
    """Columns as ``common.typ`` takes them."""
    return [[c.head, "auto" if c.share is None else str(c.share), c.align] for c in columns]


def warm_documents() -> None:
    """Set one line, so that no reader waits for the fonts (90 ms); a server without them starts as well."""
    try:
        render_table_form(TableForm(title="表", sections=[Section([Column("字")], [["1"]])]))
    except NoFont as error:
        _log.warning("%s", error)
