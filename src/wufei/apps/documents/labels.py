"""Labels of packages as PDF: HJ 1276 for hazardous waste, a plain label of our own for the other domains.

Sizes, colours, fields and words are in ``data/documents/labels.json``.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from wufei.apps.documents.pdf import render_apart, render_pdf
from wufei.apps.documents.qr import qr_svg
from wufei.core.package import Label
from wufei.core.profiles import profiles
from wufei.core.reference import read_document

HAZARDOUS = "hazardous"
MOST_HERE = 50  # labels that are drawn in the process that serves the page
_WORD = re.compile(r"[!-~]+")
_BROAD = frozenset("%@DGHMNOQUWmw")  # ASCII that is wider than two thirds of an em; the rest is narrower


@cache
def _rules() -> Mapping[str, Any]:
    rules: Mapping[str, Any] = read_document("documents/labels.json")
    return rules


def label_sides_mm() -> tuple[int, ...]:
    """The sides that a label may have, in millimetres."""
    return tuple(row["side_mm"] for row in _rules()["sizes"])


def label_side_mm(volume_l: Decimal) -> int:
    """The side of the label of a container that holds ``volume_l`` litres."""
    fitting = (r for r in _rules()["sizes"] if r["up_to_l"] is None or volume_l <= Decimal(r["up_to_l"]))
    side: int = next(fitting)["side_mm"]
    return side


def render_labels(labels: Sequence[Label], *, side_mm: int = 100, sheet: str | None = None) -> bytes:
    """One PDF of all ``labels``, all of one size.

    Args:
        labels: at least one.
        side_mm: one of ``label_sides_mm()``; see ``label_side_mm``.
        sheet: ``a4`` puts as many on a sheet as it takes (four of 100 mm); without it each has a page of its own,
            as large as the label and the white around it.
    """
    assert labels, "no labels"
    data = {
        "title": _rules()["document_title"],
        "size": _size(side_mm),
        "sheet": _sheet(side_mm, sheet) if sheet else None,
        "labels": [_item(label) for label in labels],
    }
    render = render_pdf if len(labels) <= MOST_HERE else render_apart
    return render("labels", data, is_tagged=False)


def _size(side_mm: int) -> dict[str, float]:
    """Geometry of one label; the least size of text is that whose characters are as tall as the standard says."""
    rules = _rules()
    row = next(row for row in rules["sizes"] if row["side_mm"] == side_mm)
    text_mm = Decimal(row["character_mm"]) / Decimal(rules["character_share"])
    frame = {name: float(value) for name, value in rules["frame"].items()}
    return {"side_mm": side_mm, "text_mm": float(round(text_mm, 3)), **frame}


def _sheet(side_mm: int, sheet: str) -> dict[str, int]:
    size = _rules()["sheets"][sheet]
    blank = Decimal(_rules()["frame"]["blank_mm"])
    across, down = (int((size[edge] - blank) // (side_mm + blank)) for edge in ("width_mm", "height_mm"))
    return {**size, "across": across, "down": down}


def _item(label: Label) -> dict[str, Any]:
    """What the template shows of one label."""
    rules = _rules()
    is_hazardous = label.domain == HAZARDOUS
    if is_hazardous:
        colours = rules["hazardous_colours"]
    else:
        colours = {**rules["plain_colours"], "title_ground": profiles()[label.domain].colour}
    values = _values(label)
    shows_hazards = is_hazardous or bool(label.hazards)
    of = {"all", HAZARDOUS if is_hazardous else "others"}
    return {
        **colours,
        "title": rules["titles"][label.domain],
        "hazards_head": rules["hazards_head"],
        "no_hazards": rules["no_hazards"],
        "hazards": [row for row in rules["hazards"] if row["letter"] in label.hazards],
        "qr": qr_svg(label.qr_url),
        "is_simulated": label.is_simulated,
        "rows": [
            {
                "head": row["head"],
                "lines": row["lines"],
                "beside": "" if row["beside"] == "hazards" and not shows_hazards else row["beside"],
                "value": values[row["field"]],
                **_width(row["head"] + values[row["field"]]),
            }
            for row in rules["rows"]
            if row["of"] in of
        ],
    }


def _width(text: str) -> dict[str, float]:
    """At most how wide a text and the longest word in it are, in em of the font."""
    return {"ems": _ems(text), "longest": max(map(_ems, _WORD.findall(text)), default=0.0)}


def _ems(text: str) -> float:
    return sum(0.68 if char.isascii() and char not in _BROAD else 1.0 for char in text)


def _values(label: Label) -> dict[str, str]:
    """The text of each field."""
    form = f"{_rules()['form_head']}{label.form}" if label.form else ""
    return {
        "waste_name": label.waste_name,
        "category": label.category,
        "waste_code_and_form": label.waste_code + form,
        "main_components": label.main_components,
        "harmful_components": label.harmful_components,
        "precautions": label.precautions,
        "code": label.code,
        "organisation": label.organisation,
        "contact": " ".join(part for part in (label.contact, label.phone) if part),
        "generated_on": label.generated_on.isoformat(),
        "mass": "" if label.mass_g is None else kilograms(label.mass_g),
        "remark": label.remark,
    }


def kilograms(mass_g: int) -> str:
    """``1234500`` as ``1,234.5 kg``: exact, without idle zeros."""
    return (
        f"{Decimal(mass_g) / 1000:,f}".rstrip("0").rstrip(".") + " kg" if mass_g % 1000 else f"{mass_g // 1000:,} kg"
    )
