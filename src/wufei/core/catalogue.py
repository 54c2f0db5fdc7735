"""The waste catalogue (固体废物目录): what a code means and which domain it belongs to, from ``data/catalogue/``.

Codes: ``900-214-08`` hazardous (名录 2021), ``900-001-S17`` solid waste (公告 2024 年第 4 号), ``R01`` … ``R10``
recyclables (own series). Invariant: every code belongs to exactly one domain, and the form of the code decides which.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from types import MappingProxyType

from wufei.core.reference import read_document, read_table
from wufei.core.units import narrow

DOMAINS = ("industrial", "hazardous", "household", "construction", "agricultural", "recyclables")
DOMAIN_NAMES: Mapping[str, str] = MappingProxyType(
    {d: read_document(f"catalogue/profiles/{d}.json")["name"] for d in DOMAINS}
)
_HAZARDOUS = re.compile(r"[0-9]{3}-[0-9]{3}-([0-9]{2})")
_SERIES = re.compile(r"(?:[0-9]{3}-[0-9]{3}-)?([SR])([0-9]{2})")


class UnknownWasteCode(ValueError):
    """A code that the catalogue does not hold; ``what`` and ``remedy`` are Chinese sentences."""

    code = "unknown_waste_code"

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what + remedy)
        self.what, self.remedy = what, remedy


@cache
def hazard_names() -> Mapping[str, str]:
    """Chinese name of a hazard by its letter: T is 毒性."""
    return MappingProxyType({row["letter"]: row["name"] for row in read_table("catalogue/hazards.csv")})


@dataclass(frozen=True, slots=True)
class Hazard:
    """The hazards of a code (危险特性): ``T,I`` is toxic and perhaps flammable; ``T/C`` is one of them or both.

    ``certain`` holds in every case, ``possible`` may hold; of a slash list at least one of ``possible`` holds.
    """

    raw: str
    letters: tuple[str, ...]
    certain: tuple[str, ...]
    possible: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """The hazards in Chinese words."""
        names = hazard_names()
        certain, possible = ("、".join(names[letter] for letter in part) for part in (self.certain, self.possible))
        if not certain:
            return f"具有下列一种或多种：{possible}" if possible else ""
        return f"{certain}，还可能具有：{possible}" if possible else certain


def parse_hazard(raw: str) -> Hazard:
    """Read the letters as the list prints them; comma and slash mean different things (see ``Hazard``)."""
    if "/" in raw:
        letters = tuple(raw.split("/"))
        return Hazard(raw, letters, (), letters)
    letters = tuple(letter for letter in raw.split(",") if letter)
    return Hazard(raw, letters, letters[:1], letters[1:])


@dataclass(frozen=True, slots=True)
class WasteCode:
    """One kind of waste. ``hazards`` are its letters; ``confidence`` is high, medium, low or own."""

    code: str
    name: str
    category: str
    domain: str
    hazards: tuple[str, ...]
    confidence: str
    version: str
    valid_from: date | None
    valid_to: date | None
    confirmed_to: date | None = None
    hazard: str = ""
    source: str = ""

    def confidence_on(self, day: date) -> str:
        """The confidence on ``day``: medium at most after the last day for which the list was checked."""
        late = self.confirmed_to is not None and day > self.confirmed_to
        return "medium" if late and self.confidence == "high" else self.confidence

    def is_in_force(self, day: date) -> bool:
        """Whether the list that has the code was in force on ``day``, as far as its dates are known."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Category:
    """A category (类别): HW08, SW17; ``domain`` is the one its codes belong to."""

    code: str
    name: str
    domain: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """One row of the list of exemptions (豁免管理清单): exempt at ``stages`` only, under ``condition``."""

    no: str
    subjects: tuple[str, ...]
    stages: tuple[str, ...]
    condition: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Method:
    """A way in which waste ends (利用处置方式): ``bucket`` is utilised or disposed."""

    code: str
    name: str
    bucket: str
    series: str
    confidence: str

    @property
    def is_own(self) -> bool:
        """Whether it belongs to this project's series."""
        return self.confidence == "own"


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def _series_domains() -> Mapping[str, str]:
    """Domain by the end of a code: ``{"S01": "industrial", …, "R10": "recyclables"}``."""
    return {
        f"{row['series']}{number:02}": row["domain"]
        for row in read_table("catalogue/domains.csv")
        for number in range(int(row["first"]), int(row["last"]) + 1)
    }


@cache
def categories() -> Mapping[str, Category]:
    """All categories by code: 46 of hazardous waste and 34 of the 2024 catalogue."""
    found = {
        row["code"]: Category(row["code"], row["name"], "hazardous", row["confidence"])
        for row in read_table("catalogue/hazardous_waste_categories.csv")
    }
    for row in read_table("catalogue/waste_categories.csv"):
        domain = _series_domains()["S" + row["code"][2:]]
        found[row["code"]] = Category(row["code"], row["name"], domain, row["confidence"])
    return MappingProxyType(found)


@lru_cache(maxsize=8192)
def domain_of(code: str) -> str:
    """Return the domain of ``code`` by its form alone, listed or not.

    Raises:
        UnknownWasteCode: it has the form of no code.
    """
    hazardous, series = _HAZARDOUS.fullmatch(code), _SERIES.fullmatch(code)
    if hazardous and f"HW{hazardous[1]}" in categories():
        return "hazardous"
    # A solid-waste code has its industry in front; a recyclable has none.
    if series and (series[1] == "R") == (len(code) == 3):
        domain = _series_domains().get(series[1] + series[2])
        if domain is not None:
            return domain
    raise UnknownWasteCode(
        f"“{code[:40]}”不是固体废物代码。",
        "危险废物写作 900-214-08，其他固体废物写作 900-001-S17，再生资源写作 R01。",
    )


@cache
def waste_codes() -> Mapping[str, WasteCode]:
    """All listed codes by code: 467 hazardous, 85 of the 2024 catalogue, 10 recyclables."""
    found: dict[str, WasteCode] = {}
    for table in ("hazardous_waste_codes", "waste_codes", "own_codes"):
        for row in read_table(f"catalogue/{table}.csv"):
            found[row["code"]] = WasteCode(
                code=row["code"],
                name=row["name"],
                category=row["category"],
                domain=domain_of(row["code"]),
                hazards=parse_hazard(row.get("hazard", "")).letters,
                confidence=row["confidence"],
                version=row["version"],
                valid_from=_day(row["valid_from"]),
                valid_to=_day(row["valid_to"]),
                confirmed_to=_day(row.get("confirmed_to", "")),
                hazard=row.get("hazard", ""),
                source=row["source"],
            )
    return MappingProxyType(found)


def normal_code(text: str) -> str:
    """Return ``text`` as codes are written: half width, upper case, with hyphens (``90021408`` -> ``900-214-08``)."""
    plain = narrow(text).upper().replace("－", "-").replace("—", "-")
    bare = plain.replace("-", "")
    if re.fullmatch(r"[0-9]{6}(?:[0-9]{2}|S[0-9]{2})", bare) and plain.count("-") in {0, 2}:
        return f"{bare[:3]}-{bare[3:6]}-{bare[6:]}"
    return plain


def waste_code(code: str) -> WasteCode:
    """Return what ``code`` means. ``900-000-XX`` is waste identified as hazardous of category XX (名录 第六条).

    Raises:
        UnknownWasteCode: it is not listed.
    """
    wanted = normal_code(code)
    found = waste_codes().get(wanted)
    if found is not None:
        return found
    domain = domain_of(wanted)
    if domain == "hazardous" and wanted.startswith("900-000-"):
        category = f"HW{wanted[-2:]}"
        name = f"经鉴别属于危险废物（{categories()[category].name}）"
        return WasteCode(wanted, name, category, domain, (), "high", "hw-2021", date(2021, 1, 1), None)
    near = [listed for listed in waste_codes() if listed[-3:] == wanted[-3:]][:3]
    raise UnknownWasteCode(
        f"代码 {wanted} 不在目录中。",
        f"同类的代码有 {'、'.join(near)}；确属目录代码的，请管理员补录。"
        if near
        else "请核对代码；确属目录代码的，请管理员补录。",
    )


def find_waste(text: str, *, limit: int = 50) -> list[WasteCode]:
    """Return the wastes whose code begins with ``text`` or whose name or category holds it, best first."""
    wanted = normal_code(text)
    if not wanted:
        return []
    word = narrow(text)
    ranked = [
        (0 if row.code.startswith(wanted) else 1 if row.name.startswith(word) else 2, row.code, row)
        for row in waste_codes().values()
        if row.code.startswith(wanted)
        or word in row.name
        or row.category == wanted
        or (row.category in categories() and word in categories()[row.category].name)
    ]
    return [row for _, _, row in sorted(ranked, key=lambda item: item[:2])[:limit]]


@cache
def exemptions() -> tuple[Exemption, ...]:
    """All 35 rows of the list of exemptions (32 numbers)."""
    return tuple(
        Exemption(
            row["no"],
            tuple(row["subjects"].split(";")),
            tuple(row["stages"].split(";")),
            row["condition"],
            row["confidence"],
        )
        for row in read_table("catalogue/exemptions.csv")
    )


def exemptions_of(code: str) -> list[Exemption]:
    """Return the exemptions that name ``code`` or its category; those named in words are a person's judgement."""
    row = waste_code(code)
    return [item for item in exemptions() if {row.code, row.category} & set(item.subjects)]


@cache
def methods() -> Mapping[str, Method]:
    """All methods by code: 27 national ones, then this project's own series."""
    return MappingProxyType(
        {
            row["code"]: Method(row["code"], row["name"], row["bucket"], row["series"], row["confidence"])
            for table in ("methods", "own_methods")
            for row in read_table(f"catalogue/{table}.csv")
        }
    )


_RANGE = re.compile(r"(HW[0-9]{2})(?:[-—~～至](HW[0-9]{2}))?")


def expand_categories(text: str) -> list[str]:
    """Return the hazardous categories that a permit prints: ``HW02-HW06、HW08`` gives six.

    Raises:
        UnknownWasteCode: a part names no category, such as HW41, or a range runs backwards.
    """
    listed = [code for code in categories() if code.startswith("HW")]
    found: dict[str, None] = {}
    for part in filter(None, re.split(r"[;,、\s]+", narrow(text).upper())):
        match = _RANGE.fullmatch(part)
        first, last = (match[1], match[2] or match[1]) if match else ("", "")
        if first not in listed or last not in listed or last < first:
            raise UnknownWasteCode(
                f"“{part[:40]}”不是危险废物类别。", "类别为 HW01—HW40、HW45—HW50，范围写作 HW02-HW06。"
            )
        found |= dict.fromkeys(code for code in listed if first <= code <= last)
    return list(found)
