"""The paper of a manifest (转移联单) in the three parts of its form, from its document and the names behind it.

Which field stands where is in ``data/documents/manifest.json``; what the form has no place for follows at the end of
its part under the label of ``data/manifests/fields.csv``. Of the wastes and the receipt the paper has the columns of
the form; one that the form does not insist on stays away where nobody filled it in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import zip_longest
from typing import Any

from wufei.apps.documents.pdf import render_pdf
from wufei.apps.documents.qr import qr_svg
from wufei.apps.documents.table_form import Column, columns_data
from wufei.core.catalogue import methods
from wufei.core.ledger import SHANGHAI
from wufei.core.manifest_profiles import choices, fields, manifest_profiles
from wufei.core.pointers import ABSENT, value_at
from wufei.core.reference import read_document
from wufei.core.soil import END_NAMES, measured

DIGEST_SHOWN = 16  # hexadecimal characters of a content hash
GRAMS_A_TONNE = 10**6
_PARTS = {"generator": 1, "carrier": 2, "receiver": 3}
_IN_TABLES = ("/wastes/", "/receipt/", "/soil/")


@dataclass(frozen=True, slots=True)
class Party:
    """Who stands behind a key of the document; ``permit`` is a receiver's operating permit, a carrier's licence."""

    name: str = ""
    address: str = ""
    phone: str = ""
    permit: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """A carrier in turn, and when it really went."""

    party: Party
    departed_at: datetime | None = None
    arrived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """A signature; ``slot`` is the Chinese word of the part played, ``content_hash`` the whole digest as hex."""

    slot: str
    name: str
    organisation: str
    signed_at: datetime  # by the server's clock
    content_hash: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version of the document: what made it, and who."""

    number: int
    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class ManifestPaper:
    """Everything that the paper of one manifest shows.

    Attributes:
        profile: id of ``data/manifests/profiles``; it brings the title.
        stage: Chinese word of the status.
        document: as the manifest keeps it, see ``data/manifests/fields.csv``.
        legs: one for each entry of ``document["carriers"]``, in turn; one that is missing prints empty.
        handed_over_at: when the generator gave the waste away; ``received_at``: when the receiver confirmed.
        printed_at: the caller's clock.
    """

    number: str
    profile: str
    stage: str
    document: Mapping[str, Any]
    qr_url: str
    printed_at: datetime
    generator: Party = Party()
    legs: Sequence[Leg] = ()
    receiver: Party = Party()
    handed_over_at: datetime | None = None
    received_at: datetime | None = None
    signatures: Sequence[SignatureLine] = ()
    versions: Sequence[VersionLine] = ()
    is_simulated: bool = False


def render_manifest(paper: ManifestPaper) -> bytes:
    """The manifest as PDF on A4; its tables break over pages under their heads."""
    words = _layout()["words"]
    data = {
        "title": manifest_profiles()[paper.profile].title,
        "number": paper.number,
        "stage": paper.stage,
        "qr": qr_svg(paper.qr_url),
        "is_simulated": paper.is_simulated,
        "printed_at": local_time(paper.printed_at),
        "words": words,
        "parts": [
            _generator_part(paper),
            *_soil_part(paper, "source"),
            *_carrier_parts(paper),
            _receiver_part(paper),
            *_soil_part(paper, "target"),
        ],
        "package_columns": columns_data([Column("序号", None, "center"), Column(words["packages"], 1)] * 2),
        "packages": _package_rows(paper.document),
        "signature_columns": columns_data(_columns(words["signature_heads"], (2, 2, 4, 3, 3))),
        "signatures": [
            [s.slot, s.name, s.organisation, local_time(s.signed_at), s.content_hash[:DIGEST_SHOWN]]
            for s in paper.signatures
        ],
        "version_columns": columns_data(_columns(words["version_heads"], (1, 3, 3, 8))),
        "versions": [[str(v.number), local_time(v.at), v.who, v.what] for v in paper.versions],
    }
    return render_pdf("manifest", data)


@cache
def _layout() -> Mapping[str, Any]:
    layout: Mapping[str, Any] = read_document("documents/manifest.json")
    return layout


def local_time(at: datetime | None) -> str:
    """``2026-11-25 10:00`` in Asia/Shanghai; empty where there is none."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""


def tonnes(mass_g: int | None) -> str:
    """Grams as tonnes, exactly: ``178500`` is ``0.1785``."""
    if mass_g is None:
        return ""
    text = f"{Decimal(mass_g) / GRAMS_A_TONNE:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _columns(heads: Sequence[str], shares: Sequence[int]) -> list[Column]:
    """Columns whose text stands in the middle, that of the widest on the left."""
    return [
        Column(head, share, "left" if share == max(shares) else "center")
        for head, share in zip(heads, shares, strict=True)
    ]


# --- The three parts ----------------------------------------------------------------------------------------------


def _title(paper: ManifestPaper, part: str) -> str:
    layout = _layout()
    roles = layout["roles"].get(paper.profile, layout["roles"]["*"])
    name = manifest_profiles()[paper.profile].name
    title: str = layout["parts"][part].format(name=name, role=roles[_PARTS[part] - 1])
    return title


def _generator_part(paper: ManifestPaper) -> dict[str, Any]:
    wastes: list[Mapping[str, Any]] = list(paper.document.get("wastes") or [])
    needs_all = manifest_profiles()[paper.profile].domain == "hazardous"
    lines = [{**waste, "position": place} for place, waste in enumerate(wastes, 1)]
    columns, rows = _table("waste_columns", "/wastes/*/", lines, needs_all=needs_all)
    if rows:
        rows.append(_total_row(columns, {"mass_g": sum(waste.get("mass_g") or 0 for waste in wastes)}))
    return {
        "title": _title(paper, "generator"),
        "fields": _fields(paper, "generator", paper.generator, {"handed_over_at": paper.handed_over_at}),
        "columns": columns_data([column for _, column in columns]),
        "rows": rows,
    }


def _carrier_parts(paper: ManifestPaper) -> list[dict[str, Any]]:
    count = max(len(paper.document.get("carriers") or []), len(paper.legs), 1)
    parts = []
    for place in range(count):
        leg = paper.legs[place] if place < len(paper.legs) else Leg(Party())
        times = {"departed_at": leg.departed_at, "arrived_at": leg.arrived_at}
        which = _layout()["leg"].format(leg=place + 1, legs=count) if count > 1 else ""
        parts.append(
            {
                "title": _title(paper, "carrier") + which,
                "fields": _fields(paper, "carrier", leg.party, times, place),
                "columns": [],
                "rows": [],
            }
        )
    return parts


def _receiver_part(paper: ManifestPaper) -> dict[str, Any]:
    receipt: Mapping[str, Any] = paper.document.get("receipt") or {}
    wastes: list[Mapping[str, Any]] = list(paper.document.get("wastes") or [])
    answers: list[Mapping[str, Any]] = list(receipt.get("lines") or [])
    shared = {name: _shown(f"/receipt/{name}", receipt.get(name)) for name in ("has_major_difference", "opinion")}
    pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]] = zip_longest(wastes, answers, fillvalue={})
    lines = [
        # What was planned stands where the receiver has not said how it was done.
        {
            "method": waste.get("method"),
            **shared,
            **{name: value for name, value in line.items() if value is not None},
        }
        | {"code": waste.get("code"), "position": place}
        for place, (waste, line) in enumerate(pairs, 1)
    ]
    columns, rows = _table("receipt_columns", "/receipt/lines/*/", lines, needs_all=False)
    if rows and answers:
        sums = {name: sum(line.get(name) or 0 for line in lines) for name in ("accepted_g", "refused_g", "lost_g")}
        rows.append(_total_row(columns, sums))
    return {
        "title": _title(paper, "receiver"),
        "fields": _fields(paper, "receiver", paper.receiver, {"received_at": paper.received_at})
        + _difference(receipt),
        "columns": columns_data([column for _, column in columns]),
        "rows": rows,
    }


def _soil_part(paper: ManifestPaper, end: str) -> list[dict[str, Any]]:
    """The monitoring of contaminated soil at an end, with a row for each item; nothing where there is none."""
    report = (paper.document.get("soil") or {}).get(end)
    if not report:
        return []
    words = _layout()["words"]
    named = [field for field in fields() if field.pointer.startswith(f"/soil/{end}/") and "*" not in field.pointer]
    pairs = [
        [field.label, text, len(text) > 20]
        for field in named
        if (text := _shown(field.pointer, value_at(paper.document, field.pointer)))
    ]
    rows = [
        [item.name, item.value, item.limit, item.unit, item.basis, words["over" if item.is_over else "within"]]
        for item in measured(paper.document, end)
    ]
    return [
        {
            "title": words["soil"].format(end=END_NAMES[end]),
            "fields": pairs,
            "columns": columns_data(_columns(words["soil_heads"], (4, 2, 2, 2, 4, 2))),
            "rows": rows,
        }
    ]


def _difference(receipt: Mapping[str, Any]) -> list[list[Any]]:
    note = receipt.get("difference_note")
    label = next(field.label for field in fields() if field.pointer == "/receipt/difference_note")
    return [[label, note, True]] if note else []


def _fields(
    paper: ManifestPaper, part: str, party: Party, times: Mapping[str, datetime | None], place: int = 0
) -> list[list[Any]]:
    """Pairs of the form in its order, then whatever else of this part is filled in."""
    pairs: list[list[Any]] = []
    shown = set(_layout()["named_by_party"])
    for label, source, *wide in _layout()["fields"][part]:
        kind, _, name = source.partition(".")
        if kind == "party":
            text = getattr(party, name)
        elif kind == "time":
            text = local_time(times[name])
        else:
            shown.add(source)
            text = _shown(source, value_at(paper.document, source.replace("*", str(place))))
        pairs.append([label, text, bool(wide)])
    for field in fields():
        if field.part != _PARTS[part] or field.pointer in shown or field.pointer.startswith(_IN_TABLES):
            continue
        text = _shown(field.pointer, value_at(paper.document, field.pointer.replace("*", str(place))))
        if text:
            pairs.append([field.label, text, len(text) > 20])
    return pairs


# --- Tables and values --------------------------------------------------------------------------------------------


def _table(
    name: str, prefix: str, lines: Sequence[Mapping[str, Any]], *, needs_all: bool
) -> tuple[list[tuple[str, Column]], list[list[str]]]:
    """(key, column) and the rows; a column that nobody filled in stays away, unless the form needs it."""
    texts = [
        {spec["pointer"]: _shown(prefix + spec["pointer"], line.get(spec["pointer"])) for spec in _layout()[name]}
        for line in lines
    ]
    columns = [
        (spec["pointer"], Column(spec["head"], spec["share"] or None, spec["align"]))
        for spec in _layout()[name]
        if needs_all or spec["always"] or any(text[spec["pointer"]] for text in texts)
    ]
    return columns, [[text[key] for key, _ in columns] for text in texts]


def _total_row(columns: Sequence[tuple[str, Column]], sums: Mapping[str, int]) -> list[str]:
    word = _layout()["words"]["total"]
    return [tonnes(sums[key]) if key in sums else word if key == "code" else "" for key, _ in columns]


def _package_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """The codes of all packages, two in a row."""
    codes = [code for waste in document.get("wastes") or [] for code in waste.get("packages") or []]
    numbered = [(str(place), str(code)) for place, code in enumerate(codes, 1)]
    return [[*left, *right] for left, right in zip_longest(numbered[::2], numbered[1::2], fillvalue=("", ""))]


@cache
def _types() -> Mapping[str, str]:
    return {field.pointer: field.type for field in fields()}


def _shown(pointer: str, value: Any) -> str:
    """A value of the document as the paper says it, by the type of its field."""
    if value is None or value is ABSENT or value == "":
        return ""
    kind, _, which = _types().get(pointer, "text").partition(":")
    if kind == "mass":
        return tonnes(value)
    if kind == "bool":
        return str(_layout()["words"]["yes" if value else "no"])
    if kind == "choice":
        return choices(which).get(value, str(value))
    if kind == "method":
        known = methods().get(value)
        return f"{value} {known.name}" if known else str(value)
    return str(value)
