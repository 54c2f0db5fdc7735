"""Fields of forms that stand as data (表单字段): what a table asks for, how a cell is read, and how it is shown.

The same table of fields draws a page's form, reads an API's JSON, reads an Excel sheet and heads an export.
Invariant: a value that was read is plain JSON (text, whole number, list of texts), masses in whole grams.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from wufei.core.catalogue import UnknownWasteCode, methods, waste_code
from wufei.core.credit_code import BadCreditCode, parse_credit_code
from wufei.core.findings import Finding
from wufei.core.intake import BadValue, parse_date, parse_decimal, parse_instant, parse_mass
from wufei.core.ledger import SHANGHAI
from wufei.core.numbers import decimal_text, grouped_text
from wufei.core.units import limits, narrow

TYPES = frozenset({
    "text", "note", "person", "phone", "mass", "count", "decimal", "date", "instant", "waste_code", "method",
    "choice", "codes", "credit_code",
})  # fmt: skip
PERSONAL = frozenset({"person", "phone"})
LONGEST = {"note": 2000, "text": 200, "person": 60, "phone": 30}
COUNT_MAX = 10**9
_WHOLE_MAX = 10**18
NO_CHOICES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: ``name`` in code, ``label`` for people; ``choices`` are words by code, empty where it has none."""

    name: str
    label: str
    type: str
    required: bool
    help: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.type in TYPES, self
        assert bool(self.choices) == (self.type == "choice"), self

    @property
    def is_personal(self) -> bool:
        """Whether the value is personal data, which pages and exports mask."""
        return self.type in PERSONAL


def fields_of(rows: Sequence[Mapping[str, Any]], choices: Mapping[str, Mapping[str, str]]) -> tuple[Field, ...]:
    """The fields of a table in a data file; ``choices`` are the file's lists of words by name."""
    return tuple(
        Field(
            row["name"],
            row["label"],
            row["type"],
            row["required"],
            row.get("help", ""),
            choices[row["choices"]] if "choices" in row else NO_CHOICES,
        )
        for row in rows
    )


def read_value(what: Field, raw: object) -> Any:
    """The value of one cell, ``None`` where it is blank. A whole number given for a mass is grams; text is tonnes.

    Raises:
        BadValue: it cannot be understood.
    """
    if isinstance(raw, (list, tuple)):
        raw = "、".join(str(part) for part in raw)
    if isinstance(raw, bool) or not isinstance(raw, (str, int, type(None))):
        raise BadValue(f"“{what.label}”的值不是文字或整数。", "请填写文字或整数。", "wrong_type")
    if isinstance(raw, int) and abs(raw) > _WHOLE_MAX:
        raise BadValue(f"“{what.label}”的数过大。", "请核对。", "too_large")
    if what.type == "mass" and isinstance(raw, int):
        if not 0 <= raw <= limits().mass_g_max:
            raise BadValue(
                f"“{what.label}”为 {raw} 克，应在 0 到 {limits().mass_g_max} 之间。", "请核对。", "bad_mass"
            )
        return raw
    text = narrow("" if raw is None else str(raw)) if what.type not in LONGEST else str(raw or "").strip()
    return _READERS[what.type](what, text) if text else None


def _text(what: Field, text: str) -> str:
    most = LONGEST[what.type]
    if len(text) > most:
        raise BadValue(f"“{what.label}”有 {len(text)} 个字，最多 {most} 个。", "请缩短。", "text_too_long")
    if "\0" in text:
        raise BadValue(f"“{what.label}”含有不可见字符。", "请重新键入。", "control_character")
    return text


def _mass(what: Field, text: str) -> int:
    has_unit = not text[-1].isdigit() and not text.endswith(".")
    return parse_mass(text, "" if has_unit else "t")


def _count(what: Field, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:20]) > COUNT_MAX:
        raise BadValue(
            f"“{what.label}”为“{text[:20]}”，应是 0 到 {COUNT_MAX} 的整数。", "请只填写整数。", "bad_count"
        )
    return int(text)


def _decimal(what: Field, text: str) -> str:
    return decimal_text(parse_decimal(text)) or "0"


def _date(what: Field, text: str) -> str:
    return parse_date(text).isoformat()


def _instant(what: Field, text: str) -> str:
    return parse_instant(text).astimezone(SHANGHAI).isoformat()


def _waste_code(what: Field, text: str) -> str:
    try:
        return waste_code(text).code
    except UnknownWasteCode as error:
        raise BadValue(error.what, error.remedy, error.code) from None


def _method(what: Field, text: str) -> str:
    code = text.upper().split(" ")[0]
    if code not in methods():
        raise BadValue(f"利用处置方式“{text[:20]}”不在目录中。", "请填代码，如 R9、D10、O06。", "unknown_method")
    return code


def _choice(what: Field, text: str) -> str:
    found = {text} & set(what.choices) or {code for code, name in what.choices.items() if name == text}
    if not found:
        allowed = "、".join(what.choices.values())
        raise BadValue(f"“{what.label}”为“{text[:20]}”，不在可选的值中。", f"请选择：{allowed}。", "unknown_choice")
    return found.pop()


def _codes(what: Field, text: str) -> list[str]:
    parts = [part for part in text.replace(",", "、").replace(";", "、").replace(" ", "、").split("、") if part]
    if "\0" in text:
        raise BadValue(f"“{what.label}”含有不可见字符。", "请重新键入。", "control_character")
    if len(parts) > 200 or any(len(part) > 60 for part in parts):
        raise BadValue(f"“{what.label}”最多 200 个，每个最多 60 个字。", "请核对。", "too_many_codes")
    return list(dict.fromkeys(parts))


def _credit_code(what: Field, text: str) -> str:
    try:
        return parse_credit_code(text)
    except BadCreditCode as error:
        raise BadValue(error.what, error.remedy, error.code) from None


_READERS = {
    "text": _text, "note": _text, "person": _text, "phone": _text, "mass": _mass, "count": _count,
    "decimal": _decimal, "date": _date, "instant": _instant, "waste_code": _waste_code, "method": _method,
    "choice": _choice, "codes": _codes, "credit_code": _credit_code,
}  # fmt: skip


def read_values(
    fields: Sequence[Field], raw: Mapping[str, object], *, line: int | None = None, at: str = ""
) -> tuple[dict[str, Any], list[Finding]]:
    """All fields of one row and all that is wrong; ``at`` stands before the field's name in a finding.

    Blank fields are left out of the values. A name that the table does not know is a finding, not a loss.
    """
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for one in fields:
        try:
            value = read_value(one, raw.get(one.name))
        except BadValue as error:
            found = error.finding(line, at + one.name)
            what = found.what if one.label in found.what else f"{one.label}：{found.what}"
            findings.append(Finding(line, at + one.name, what, found.remedy, found.code))
            continue
        if value is not None:
            values[one.name] = value
        elif one.required:
            findings.append(
                Finding(line, at + one.name, f"没有填写“{one.label}”。", how_to_fill(one), "missing_field")
            )
    for name in sorted(set(raw) - {one.name for one in fields}):
        what = f"没有名为“{str(name)[:40]}”的字段。"
        remedy = f"可用的字段：{'、'.join(one.name for one in fields)}。"
        findings.append(Finding(line, at + str(name)[:60], what, remedy, "unknown_field"))
    return values, findings


def how_to_fill(what: Field) -> str:
    """What to do where a field is blank: one sentence."""
    if what.choices:
        return f"请选择：{'、'.join(what.choices.values())}。"
    note = f"（{what.help.rstrip('。')}）" if what.help else ""
    return f"请填写{what.label}{note}。"


def tonnes(mass_g: int) -> Decimal:
    """Grams as tonnes, exact, for a cell of a workbook."""
    return Decimal(mass_g) / 1_000_000


def tonnes_text(mass_g: int) -> str:
    """Grams as tonnes for people, exact: ``1_234_500`` is ``1.2345``."""
    return grouped_text(parse_decimal(str(mass_g)) / 1_000_000)


def masked(kind: str, text: str) -> str:
    """A person's name or phone as it is shown to those who need not know it."""
    if kind == "phone":
        return f"{text[:3]}{'*' * max(1, len(text) - 7)}{text[-4:]}" if len(text) > 7 else "*" * len(text)
    return text[:1] + "*" * max(1, len(text) - 1)


def shown_value(what: Field, value: Any, *, unmask: bool = False) -> str:
    """A value as a page or export shows it; personal data masked unless ``unmask``."""
    if value is None or value == "" or value == []:
        return "—"
    if what.is_personal and not unmask:
        return masked(what.type, str(value))
    if what.type == "mass":
        return tonnes_text(int(value))
    if what.type == "choice":
        return what.choices.get(str(value), str(value))
    if what.type == "method":
        return f"{value} {methods()[str(value)].name}" if str(value) in methods() else str(value)
    if what.type == "codes":
        return "、".join(value)
    if what.type == "instant":
        return parse_instant(str(value)).strftime("%Y-%m-%d %H:%M")
    return str(value)


def typed_value(what: Field, value: Any) -> str:
    """A value as it stands in the input of a form, to be read again by ``read_value``."""
    if value is None:
        return ""
    if what.type == "mass" and isinstance(value, int):
        return tonnes_text(value).replace(",", "")
    if what.type == "codes" and isinstance(value, list):
        return "、".join(value)
    if what.type == "instant":
        return str(value)[:16]
    return str(value)


def day_of(values: Mapping[str, Any], name: str) -> date | None:
    """A date among values that were read."""
    return date.fromisoformat(values[name]) if values.get(name) else None
