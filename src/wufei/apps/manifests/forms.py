"""The form of a manifest, made from the table of fields: the same rows ask on the page, in the API and in a file.

Inputs are named by their JSON pointer. Masses are kilograms on the page and grams in the document.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

from wufei.core.catalogue import hazard_names, methods
from wufei.core.findings import Finding
from wufei.core.kilograms import grams_typed
from wufei.core.manifest_document import MOST_MEASURED, Document, get, pattern_of
from wufei.core.manifest_profiles import Field, choices, fields, fields_of, manifest_profiles, stage_index
from wufei.core.numbers import decimal_text, grouped_text

PARTS = {1: "第一部分 移出单位填写", 2: "第二部分 承运单位填写", 3: "第三部分 接受单位填写"}
# groups of a part: beginning of the pointer -> heading; a list shows one card a place
GROUPS = (
    ("/generator", "移出单位", 1),
    ("/wastes/*", "废物", 1),
    ("/region", "跨区域转移", 1),
    ("/soil/source", "移出地土壤监测", 1),
    ("/soil/source/items/*", "移出地检测项目", 1),
    ("/livestock", "病死畜禽", 1),
    ("/exemption", "豁免", 1),
    ("/point_to_point", "点对点利用", 1),
    ("/external", "外部系统", 1),
    ("/carriers/*", "承运单位", 2),
    ("/receiver", "接受单位", 3),
    ("/soil/target", "接受地土壤监测", 3),
    ("/soil/target/items/*", "接受地检测项目", 3),
    ("/receipt/lines/*", "接受情况", 3),
    ("/receipt", "接受意见", 3),
)
# Only these kinds of manifests show these groups.
ONLY = {
    "/soil/source": {"soil"},
    "/soil/source/items/*": {"soil"},
    "/soil/target": {"soil"},
    "/soil/target/items/*": {"soil"},
    "/livestock": {"livestock"},
    "/exemption": {"exempt"},
    "/point_to_point": {"point_to_point"},
}
MOST_CARDS = 20  # of one list on a form
PROPOSALS = {
    "site": "own-sites",
    "organisation": "own-carriers",
    "vehicle": "own-vehicles",
    "code": "own-codes",
    "hazards": "own-hazards",
}
WIDE = re.compile(r"text:[2-9][0-9]{2}|packages")


@dataclass(frozen=True, slots=True)
class Input:
    """One input: ``kind`` is text, number, mass, choice, method, bool, area; ``text`` what it holds or shows."""

    name: str
    label: str
    kind: str
    text: str
    shown: str
    options: tuple[tuple[str, str], ...]
    is_required: bool
    help: str
    error: str
    unit: str
    is_optional: bool  # by the table of fields: no stage ever needs it
    named: str = ""  # what the code that it holds is called

    @property
    def id(self) -> str:
        """The id of the input on the page."""
        return "f" + self.name.replace("/", "-")

    @property
    def proposals(self) -> str:
        """The id of the list of codes from which it may be filled; empty where it holds no code."""
        return PROPOSALS.get(self.name.rpartition("/")[2], "")


@dataclass(frozen=True, slots=True)
class Group:
    """The inputs of one card, with its heading; ``place`` counts from 1 within a list, 0 where there is no list."""

    title: str
    part: int
    place: int
    inputs: tuple[Input, ...]

    @property
    def id(self) -> str:
        """The id of the card on the page."""
        return "g" + self.inputs[0].name.rpartition("/")[0].replace("/", "-")

    @property
    def first(self) -> tuple[Input, ...]:
        """The inputs that a form shows at once: needed at some stage, filled or wrong; all, where it is none."""
        return tuple(i for i in self.inputs if not i.is_optional or i.text or i.error) or self.inputs

    @property
    def more(self) -> tuple[Input, ...]:
        """The inputs that a form may fold: optional, blank and without fault."""
        return tuple(i for i in self.inputs if i not in self.first)

    @property
    def is_folded(self) -> bool:
        """Whether the form folds it: nothing in it is required, filled or wrong."""
        return not self.place and not any(i.is_required or i.text or i.error for i in self.inputs)


def groups(
    document: Mapping[str, Any],
    wanted: Callable[[Field, str], bool],
    *,
    stage: str = "submit",
    findings: Iterable[Finding] = (),
    raw: Mapping[str, str] | None = None,
    places: Mapping[str, int] | None = None,
) -> list[Group]:
    """The cards of a form or of a view.

    Args:
        wanted: whether a field at a pointer is asked for (or shown).
        stage: fields required up to it are marked.
        findings: shown at the field they name.
        raw: what was typed, where a form comes back; no card of it is lost.
        places: list (``wastes``, ``carriers``, ``lines``) -> how many places to show at least.
    """
    profile = str(document["profile"])
    errors: dict[str, str] = {}
    for finding in findings:
        errors.setdefault(finding.field, finding.what + finding.remedy)
    found = []
    for pattern, title, part in GROUPS:
        if profile not in ONLY.get(pattern, {profile}):
            continue
        rows = [f for f in fields_of(profile) if _in_group(f.pointer, pattern)]
        for place, at in _places(document, pattern, places or {}, raw or {}):
            inputs = tuple(
                _input(field, pointer, document, stage, errors, raw)
                for field in rows
                if wanted(field, pointer := at + field.pointer[len(pattern) :])
            )
            if inputs:
                found.append(Group(f"{title} {place}" if place else title, part, place, inputs))
    return found


def _in_group(pointer: str, pattern: str) -> bool:
    rest = pointer[len(pattern) + 1 :]
    return pointer.startswith(pattern + "/") and "/" not in rest


def _places(
    document: Mapping[str, Any], pattern: str, least: Mapping[str, int], raw: Mapping[str, str]
) -> list[tuple[int, str]]:
    if "*" not in pattern:
        return [(0, pattern)]
    way = pattern.removesuffix("/*")
    name = way.rsplit("/", 1)[-1]
    count = max(len(get(document, way) or []), least.get(name, 0), cards_typed(raw, way))
    return [(i + 1, f"{way}/{i}") for i in range(count)]


def cards_typed(raw: Mapping[str, str], way: str) -> int:
    """How many cards of a list the form had, blank ones too: a second click on “add” must not take the first away."""
    places = [key.removeprefix(f"{way}/").split("/")[0] for key in raw if key.startswith(f"{way}/")]
    most = MOST_MEASURED if way.endswith("/items") else MOST_CARDS
    return min(max((int(p) + 1 for p in places if p.isdecimal() and len(p) < 4), default=0), most)


def _input(
    field: Field,
    pointer: str,
    document: Mapping[str, Any],
    stage: str,
    errors: Mapping[str, str],
    raw: Mapping[str, str] | None,
) -> Input:
    value = get(document, pointer)
    kind, _, rest = field.type.partition(":")
    options: tuple[tuple[str, str], ...] = ()
    if kind == "choice":
        options = tuple(choices(rest).items())
    elif kind == "method":
        options = tuple((m.code, f"{m.code} {m.name}") for m in methods().values())
    elif kind == "bool":
        options = (("true", "是"), ("false", "否"))
    elif WIDE.fullmatch(field.type):
        kind = "area"
    elif kind not in ("mass", "date", "file"):
        kind = "number" if kind == "count" else "text"
    text = _typed(field, value)
    return Input(
        name=pointer,
        label=field.label,
        kind=kind,
        text=raw[pointer] if raw and pointer in raw else text,
        shown=shown_value(field, value),
        options=options,
        is_required=bool(field.required_from) and stage_index(field.required_from) <= stage_index(stage),
        help=field.help,
        error=errors.get(pointer, ""),
        unit="千克" if field.type == "mass" else "",
        is_optional=not field.required_from and not _is_expected(field, document),
    )


def _is_expected(field: Field, document: Mapping[str, Any]) -> bool:
    """Whether the kind of manifest asks for packages although no stage needs them."""
    return field.type == "packages" and manifest_profiles()[str(document["profile"])].packages != "optional"


def _typed(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if field.type == "mass":
        return decimal_text(Decimal(value) / 1000) or "0"
    if field.type == "bool":
        return "true" if value else "false"
    return "\n".join(value) if isinstance(value, list) else str(value)


def shown_value(field: Field, value: Any) -> str:
    """A value as a reader sees it."""
    kind, _, rest = field.type.partition(":")
    if value is None:
        return ""
    if kind == "mass":
        return f"{grouped_text(Decimal(value) / 1000)} 千克"
    if kind == "choice":
        return choices(rest).get(str(value), str(value))
    if kind == "method" and value in methods():
        return f"{value} {methods()[value].name}"
    if kind == "bool":
        return "是" if value else "否"
    if kind == "file":
        return f"SHA-256 {str(value)[:12]}…"
    return "、".join(value) if isinstance(value, list) else str(value)


def masked(group: Group) -> Group:
    """The group with phones and licence numbers shortened, for readers that are no party."""
    shown = tuple(replace(i, text="", shown=mask(i.shown)) if is_masked(i.name) else i for i in group.inputs)
    return replace(group, inputs=shown)


@cache
def _personal() -> frozenset[str]:
    """Patterns of the fields that hold a person's number; numbers of papers (waybill, approval, policy) do not."""
    return frozenset(
        f.pointer for f in fields() if f.type == "phone" or (f.type == "licence" and f.pointer.endswith("_licence"))
    )


def with_names(groups: Iterable[Group], names: Mapping[str, str]) -> list[Group]:
    """The groups with the names of sites, firms, wastes and hazards beside their codes."""

    def named(one: Input) -> Input:
        if one.proposals == "own-hazards":
            letters = [letter for letter in re.split(r"[,，、/\s]+", one.text) if letter]
            return replace(one, named="、".join(hazard_names().get(letter, letter) for letter in letters))
        return replace(one, named=names.get(one.text, "") if one.proposals else "")

    return [replace(group, inputs=tuple(named(one) for one in group.inputs)) for group in groups]


def is_masked(pointer: str) -> bool:
    """Whether who is no party reads the value at a pointer shortened."""
    return pattern_of(pointer) in _personal()


def mask(text: str) -> str:
    """A person's number, shortened."""
    return f"{text[:3]}****{text[-2:]}" if len(text) > 5 else "****" if text else ""


def patch_of(post: Mapping[str, str], held: Mapping[str, Any] | None = None) -> Document:
    """The document that the inputs of a form say; kilograms become grams, text that is no mass stays as it is.

    ``held`` is the document that the form changes: a card of it that is left blank is still a card, so that what it
    lacks is told.
    """
    patch: Document = {}
    for name in sorted(post):
        if name.startswith("/") and len(name) <= 80:
            _put(patch, name.strip("/").split("/"), _value(name, post[name]))
    listed: Document = _listed(patch, held or {})
    return listed


@cache
def _masses() -> frozenset[str]:
    """Patterns of the fields that hold a mass."""
    return frozenset(f.pointer for f in fields() if f.type == "mass")


def _value(pointer: str, text: str) -> Any:
    if pattern_of(pointer) in _masses():
        return grams_typed(text)
    return text if text.strip() else None


def _put(node: dict[str, Any], way: list[str], value: Any) -> None:
    for name in way[:-1]:
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            return
    node[way[-1]] = value


def _listed(node: Any, held: Any) -> Any:
    """Objects whose keys are all numbers become lists, without the last places that hold nothing and are not held."""
    if not isinstance(node, dict):
        return node
    if node and all(name.isdecimal() for name in node):
        old = held if isinstance(held, list) else []
        keys = sorted(node, key=int)
        items = [_listed(node[k], old[int(k)] if len(k) < 4 and int(k) < len(old) else {}) for k in keys]
        while len(items) > len(old) and _is_blank(items[-1]):
            items.pop()
        return items
    beside = held if isinstance(held, dict) else {}
    return {name: _listed(value, beside.get(name)) for name, value in node.items()}


def _is_blank(item: Any) -> bool:
    return not item or (isinstance(item, dict) and all(value is None for value in item.values()))


def new_profile_choices() -> list[tuple[str, str, str]]:
    """Id, name and note of the kinds of manifests, for the first step of a new one."""
    return [(p.id, p.name, p.note) for p in manifest_profiles().values()]
