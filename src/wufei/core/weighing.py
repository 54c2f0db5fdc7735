"""A weighing (称重、磅单) as a value: what a ticket says, how well its scale knows it, what it books.

Invariant: gross − tare = net within one scale interval, and the ledger books the net as printed. A ticket that names
a manifest never books by itself. The numbers are data: ``data/weighings/``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from math import isqrt
from types import MappingProxyType
from unicodedata import is_normalized, normalize

from wufei.core.catalogue import UnknownWasteCode, domain_of, waste_code
from wufei.core.findings import Finding, Level
from wufei.core.ledger_rules import CONTROL, bases, limits
from wufei.core.plates import is_plate, normal_plate
from wufei.core.reference import read_table

MILLION = 1_000_000


class Direction(StrEnum):
    """Which way the load goes, seen from the site of the scale."""

    IN = "in"  # 进
    OUT = "out"  # 出


class Outcome(StrEnum):
    """What a ticket does in the ledger."""

    GENERATE = "generate"  # 产生并入库: from the source's generation account straight into the site's store
    EVIDENCE = "evidence"  # 凭证: books nothing
    ATTACHED = "attached"  # 附于联单: the manifest books


DIRECTION_NAMES: Mapping[str, str] = MappingProxyType({Direction.IN: "进", Direction.OUT: "出"})
OUTCOME_NAMES: Mapping[str, str] = MappingProxyType(
    {Outcome.GENERATE: "入账", Outcome.EVIDENCE: "只作凭证", Outcome.ATTACHED: "附于联单"}
)
# field -> (Chinese name, most characters)
TEXTS: Mapping[str, tuple[str, int]] = MappingProxyType({
    "ticket": ("磅单号", 60),
    "device": ("磅号", 40),
    "plate": ("车牌号", 12),
    "source": ("来源", 80),
    "manifest": ("联单号", 60),
    "package": ("包装码", 80),
    "photo_digest": ("照片摘要", 64),
    "note": ("备注", 200),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weighing:
    """One ticket.

    Attributes:
        site: code of the site where the scale stands; ``device`` names the scale there.
        ticket: number of the ticket, unique per site and device.
        gross_g, tare_g: with and without load; ``None`` where the scale weighs the load alone.
        net_g: grams of the load, > 0, as printed.
        source: the holder that the load comes from, ``site:<code>`` or ``boundary:<division>``; empty where unknown.
        manifest: number of the manifest, where the load has one.
        photo_digest: SHA-256 of the picture, hexadecimal.
        basis: how the mass is known, ``data/ledger/bases.csv``.
    """

    site: str
    device: str
    ticket: str
    direction: str
    waste_code: str
    net_g: int
    weighed_at: datetime
    gross_g: int | None = None
    tare_g: int | None = None
    plate: str = ""
    source: str = ""
    manifest: str = ""
    package: str = ""
    count: int | None = None
    photo_digest: str = ""
    basis: str = "weighed"
    note: str = ""

    @property
    def key(self) -> str:
        """What names the ticket everywhere: ``<site>/<device>/<ticket>``."""
        return f"{self.site}/{self.device}/{self.ticket}"

    @property
    def content(self) -> str:
        """A digest over what the ticket says but the remark: equal for the same ticket handed in twice."""
        parts = (
            self.key,
            self.direction,
            self.waste_code,
            self.gross_g,
            self.tare_g,
            self.net_g,
            int(self.weighed_at.timestamp()),
            self.plate,
            self.source,
            self.manifest,
            self.package,
            self.count,
            self.photo_digest,
            self.basis,
        )
        return sha256("\x1f".join("" if part is None else str(part) for part in parts).encode()).hexdigest()

    @property
    def uncertainty_ppm(self) -> int | None:
        """Relative standard uncertainty of the net; ``None`` where it was not weighed."""
        return uncertainty_ppm(self.net_g, self.gross_g, self.tare_g) if self.basis == "weighed" else None


# --- Scales ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scale:
    """A kind of scale (衡器): the largest mass it takes, its accuracy class and its verification scale interval."""

    kind: str
    name: str
    capacity_g: int
    accuracy_class: str
    interval_g: int


@cache
def scales() -> tuple[Scale, ...]:
    """The assumed scales, the smallest first."""
    rows = read_table("weighings/scales.csv")
    found = [Scale(r["kind"], r["name"], int(r["capacity_g"]), r["class"], int(r["interval_g"])) for r in rows]
    return tuple(sorted(found, key=lambda scale: scale.capacity_g))


def scale_for(mass_g: int) -> Scale:
    """The smallest scale that holds ``mass_g``; the largest there is for what none holds."""
    return next((scale for scale in scales() if mass_g <= scale.capacity_g), scales()[-1])


@cache
def _classes() -> Mapping[str, tuple[tuple[int | None, int], ...]]:
    found: dict[str, list[tuple[int | None, int]]] = {}
    for row in read_table("weighings/scale_classes.csv"):
        upto = int(row["upto_intervals"]) if row["upto_intervals"] else None
        found.setdefault(row["class"], []).append((upto, int(row["error_halves"])))
    return MappingProxyType({name: tuple(steps) for name, steps in found.items()})


def error_in_service_g(mass_g: int, scale: Scale) -> int:
    """The largest permissible error in service of an indication of ``mass_g``, in grams.

    Twice the error of the initial verification, which counts in halves of the interval. Source: OIML R 76-1, 3.5.
    """
    steps = _classes()[scale.accuracy_class]
    halves = next((h for upto, h in steps if upto is None or mass_g <= upto * scale.interval_g), steps[-1][1])
    return halves * scale.interval_g


def uncertainty_ppm(net_g: int, gross_g: int | None, tare_g: int | None) -> int:
    """Relative standard uncertainty of a net mass, parts per million, rounded up.

    The error is taken as evenly spread within its limits (divided by √3); gross and tare err independently.
    """
    scale = scale_for(max(net_g, gross_g or 0))
    weighed = [net_g] if gross_g is None or tare_g is None else [gross_g, tare_g]
    squared = sum(error_in_service_g(mass_g, scale) ** 2 for mass_g in weighed)
    # ceil(sqrt(squared / 3) / net · 10^6), in whole numbers
    numerator, denominator = squared * MILLION**2, 3 * net_g * net_g
    root = isqrt(numerator // denominator)
    return root if root * root * denominator == numerator else root + 1


# --- Two ends -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weighed:
    """A mass with its relative standard uncertainty (0 where none is stated)."""

    mass_g: int
    uncertainty_ppm: int = 0


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two weighings of one load may differ beyond what the scales explain."""

    share_ppm: int
    most_g: int
    coverage_percent: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two weighings of one load: what arrived less what was sent, and what may differ."""

    difference_g: int
    allowed_g: int

    @property
    def is_within(self) -> bool:
        """Whether the difference is explained."""
        return abs(self.difference_g) <= self.allowed_g


@cache
def _tolerances() -> tuple[tuple[str, date, date | None, Tolerance], ...]:
    return tuple(
        (
            row["domain"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            Tolerance(int(row["share_ppm"]), int(row["most_g"]), int(row["coverage_percent"])),
        )
        for row in read_table("weighings/tolerances.csv")
    )


def tolerance_for(domain: str, on: date) -> Tolerance:
    """The tolerance of ``domain`` on a day: its own row, else that of all domains."""
    valid = [row for row in _tolerances() if row[1] <= on and (row[2] is None or on <= row[2])]
    chosen = next((row for row in valid if row[0] == domain), None) or next(row for row in valid if row[0] == "*")
    return chosen[3]


def joint(parts: Sequence[Weighed]) -> Weighed:
    """Several loads as one: masses add up, errors of independent weighings add in squares."""
    mass_g = sum(part.mass_g for part in parts)
    error = isqrt(sum((part.mass_g * part.uncertainty_ppm) ** 2 for part in parts))  # grams · 10^6
    return Weighed(mass_g, -(-error // mass_g) if mass_g else 0)


def compare(sent: Weighed, received: Weighed, tolerance: Tolerance) -> Comparison:
    """Compare the weighings of one load at both ends.

    Allowed is the joint uncertainty of both scales times the coverage, plus the tolerance: a share of what was sent,
    at most ``most_g``.
    """
    both = isqrt(
        (sent.mass_g * sent.uncertainty_ppm) ** 2 + (received.mass_g * received.uncertainty_ppm) ** 2
    )  # grams · 10^6
    band_g = both * tolerance.coverage_percent // (100 * MILLION)
    share_g = sent.mass_g * tolerance.share_ppm // MILLION
    return Comparison(received.mass_g - sent.mass_g, band_g + min(share_g, tolerance.most_g))


# --- What a ticket books --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BookingRule:
    """One row of ``data/weighings/booking.csv``; ``*`` fits everything."""

    domain: str
    direction: str
    stage: str
    outcome: Outcome
    why: str


@cache
def booking_rules() -> tuple[BookingRule, ...]:
    """The rules in their order: the first that fits decides."""
    return tuple(
        BookingRule(r["domain"], r["direction"], r["stage"], Outcome(r["outcome"]), r["why"])
        for r in read_table("weighings/booking.csv")
    )


@cache
def stage_of(category: str) -> str:
    """The stage of a site by its category: generation, collection, treatment or storage."""
    return {r["category"]: r["stage"] for r in read_table("registry/site_categories.csv")}.get(category, "")


def default_direction(stage: str) -> Direction:
    """Which way a load goes where the sheet does not say: out of where waste arises, into everywhere else."""
    return Direction.OUT if stage == "generation" else Direction.IN


@cache
def _rule_outcome(domain: str, direction: str, stage: str) -> Outcome:
    for rule in booking_rules():
        asked = ((rule.domain, domain), (rule.direction, direction), (rule.stage, stage))
        if all(wanted in {"*", given} for wanted, given in asked):
            return rule.outcome
    raise LookupError(f"no rule for {domain}, {direction}, {stage}")


def outcome_of(weighing: Weighing, stage: str) -> Outcome:
    """What the ticket does in the ledger; ``stage`` is that of the site of the scale."""
    if weighing.manifest:
        return Outcome.ATTACHED
    return _rule_outcome(domain_of(weighing.waste_code), weighing.direction, stage)


# --- Checks ---------------------------------------------------------------------------------------------------------


def normal(weighing: Weighing) -> Weighing:
    """The ticket as it is kept and compared: texts in NFC, time to the second, plate in one spelling."""
    texts: dict[str, str] = {name: getattr(weighing, name) for name in TEXTS}
    changed: dict[str, object] = {
        name: normalize("NFC", text)
        for name, text in texts.items()
        if not text.isascii() and not is_normalized("NFC", text)
    }
    if weighing.weighed_at.microsecond:
        changed["weighed_at"] = weighing.weighed_at.replace(microsecond=0)
    if texts["plate"] != (plate := normal_plate(texts["plate"])):
        changed["plate"] = plate
    if texts["photo_digest"] != (digest := texts["photo_digest"].lower()):
        changed["photo_digest"] = digest
    return replace(weighing, **changed) if changed else weighing  # type: ignore[arg-type]


def check_weighing(weighing: Weighing, stage: str, *, now: datetime, line: int | None = None) -> list[Finding]:
    """All that can be known to be wrong with a ticket by itself; ``stage`` is that of its site."""
    found: list[Finding] = []

    def add(field: str, what: str, remedy: str, code: str, level: Level = Level.ERROR) -> None:
        found.append(Finding(line, field, what, remedy, code, level))

    for name, (label, longest) in TEXTS.items():
        text: str = getattr(weighing, name)
        if len(text) > longest:
            add(name, f"{label}有 {len(text)} 个字，最多 {longest} 个。", "请缩短。", "text_too_long")
        if text and not text.isprintable() and CONTROL.search(text):
            add(name, f"{label}含有不可见字符。", "请删除不可见字符后重填。", "control_character")
    if not weighing.ticket:
        add("ticket", "没有磅单号。", "请填写磅单上的号码；没有号码时请编一个不重复的。", "blank_ticket")
    if "/" in weighing.device:
        add("device", f"磅号“{weighing.device[:20]}”含有“/”。", "请去掉“/”。", "slash_in_device")
    if weighing.direction not in DIRECTION_NAMES:
        add("direction", f"进出“{weighing.direction[:20]}”不认识。", "请写“进”或“出”。", "unknown_direction")
    if weighing.basis not in bases():
        names = "、".join(bases().values())
        add("basis", f"计量方式“{weighing.basis[:20]}”不认识。", f"请改为下列之一：{names}。", "unknown_basis")
    if weighing.plate and not is_plate(weighing.plate):
        what = f"“{weighing.plate[:20]}”不像车牌号。"
        add("plate", what, "请核对；场内车辆没有号牌的可以保留。", "odd_plate", Level.WARN)
    if weighing.photo_digest and not _is_digest(weighing.photo_digest):
        add("photo_digest", "照片摘要不是 64 位十六进制。", "请填写照片的 SHA-256。", "bad_digest")
    if weighing.count is not None and not 0 <= weighing.count <= limits().count_max:
        add("count", f"件数为 {weighing.count}。", f"应在 0 到 {limits().count_max} 之间。", "count_out_of_range")
    found += _check_time(weighing, now, line)
    found += _check_masses(weighing, line)
    found += _check_waste(weighing, stage, line)
    return found


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(sign in "0123456789abcdef" for sign in text)


def _check_time(weighing: Weighing, now: datetime, line: int | None) -> list[Finding]:
    at, rule = weighing.weighed_at, limits()
    if at > now + timedelta(seconds=rule.future_tolerance_s):
        what = f"过磅时间 {at:%Y-%m-%d %H:%M} 在将来。"
        return [Finding(line, "weighed_at", what, "请核对年月日和衡器的时钟。", "time_in_future")]
    if at.date() < rule.earliest_day:
        what = f"过磅时间 {at:%Y-%m-%d} 早于 {rule.earliest_day}。"
        return [Finding(line, "weighed_at", what, "请核对年月日。", "time_too_early")]
    return []


def _check_masses(weighing: Weighing, line: int | None) -> list[Finding]:
    gross_g, tare_g, net_g = weighing.gross_g, weighing.tare_g, weighing.net_g
    most = limits().movement_max_g
    found = []
    if net_g <= 0:
        what = f"净重为 {kilograms(net_g)} 千克，应大于零。"
        found.append(Finding(line, "net", what, "请核对毛重和皮重；空车过磅的行请删去。", "mass_not_positive"))
    if max(net_g, gross_g or 0, tare_g or 0) > most:
        what = f"重量超过单笔上限 {most // MILLION} 吨。"
        found.append(Finding(line, "net", what, "请核对单位，常见错误是把千克写成了吨。", "mass_too_large"))
    if found or gross_g is None or tare_g is None:
        return found
    interval_g = scale_for(gross_g).interval_g
    if abs(gross_g - tare_g - net_g) > interval_g:
        what = (
            f"毛重 {kilograms(gross_g)} 减皮重 {kilograms(tare_g)} 为 {kilograms(gross_g - tare_g)} 千克，"
            f"净重写的是 {kilograms(net_g)} 千克，相差超过一个分度值（{kilograms(interval_g)} 千克）。"
        )
        found.append(Finding(line, "net", what, "请核对三个重量；扣重不应从净重中减去。", "gross_minus_tare"))
    return found


def _check_waste(weighing: Weighing, stage: str, line: int | None) -> list[Finding]:
    try:
        code = _known_code(weighing.waste_code)
    except UnknownWasteCode as error:
        return [Finding(line, "waste", error.what, error.remedy, error.code)]
    if weighing.direction not in DIRECTION_NAMES:
        return []
    if weighing.direction == Direction.IN and domain_of(code) == "hazardous" and not weighing.manifest:
        remedy = "请补填联单号；磅单只作凭证，不入账。"
        return [Finding(line, "manifest", "危险废物进场没有联单号。", remedy, "no_manifest", Level.WARN)]
    if outcome_of(weighing, stage) is Outcome.GENERATE and not weighing.source:
        remedy = "请填写产生场所的编号或名称，或乡镇（街道）名称。"
        return [Finding(line, "source", "没有写来源，不能入账。", remedy, "blank_source")]
    return []


@cache
def _known_code(code: str) -> str:
    return waste_code(code).code


def kilograms(mass_g: int) -> str:
    """Grams as exact kilograms: 12340000 is ``12340``, 500 is ``0.5``."""
    sign, whole, rest = "-" if mass_g < 0 else "", *divmod(abs(mass_g), 1000)
    return f"{sign}{whole}.{rest:03}".rstrip("0").rstrip(".") if rest else f"{sign}{whole}"
