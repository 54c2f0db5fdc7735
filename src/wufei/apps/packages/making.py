"""New packages: what is in them, their codes with serial numbers, their rows.

Invariant: a serial number is given once, whoever asks at the same moment: the row of the series is the lock.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import connection

from wufei.apps.packages.actions import Act
from wufei.apps.packages.models import Package
from wufei.apps.packages.rows import insert_rows
from wufei.apps.registry.models import Site
from wufei.core.catalogue import UnknownWasteCode, WasteCode, parse_hazard, waste_code
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day
from wufei.core.package import Status, container_names, form_names
from wufei.core.package_code import HJ1276, OWN, SALTS, SERIAL_MAX, hj1276_code, own_code

COLUMNS = [field.attname for field in Package._meta.concrete_fields if field.attname != "id"]


@dataclass(frozen=True, slots=True)
class What:
    """What is in a package, as its label shows it. The catalogue gives ``waste_name`` and ``hazards`` if empty."""

    waste_code: str
    generated_on: date
    waste_name: str = ""
    form: str = ""
    hazards: str = ""
    main_components: str = ""
    harmful_components: str = ""
    precautions: str = ""
    container: str = ""
    remark: str = ""
    contact: str = ""
    phone: str = ""

    @classmethod
    def of(cls, package: Package) -> "What":
        """What is in a package that is there."""
        return cls(**{name: getattr(package, name) for name in cls.__dataclass_fields__})


_LENGTHS = {field.attname: field.max_length or 200 for field in Package._meta.concrete_fields}


@dataclass(frozen=True, slots=True)
class Blank:
    """One package to be made: what is in it and how much (``None``: not weighed yet)."""

    what: What
    mass_g: int | None
    external_code: str | None = None


def checked(what: What, site: Site, act: Act, pointer: str = "") -> tuple[What, WasteCode | None, list[Finding]]:
    """What is in a package with what the catalogue adds, and all that is wrong with it."""
    findings = []

    def wrong(name: str, text: str, remedy: str, code: str) -> None:
        findings.append(Finding(None, f"{pointer}/{name}", text, remedy, code))

    listed = None
    try:
        listed = waste_code(what.waste_code)
    except UnknownWasteCode as error:
        wrong("waste_code", error.what, error.remedy, error.code)
    today = local_day(act.recorded_at)
    if what.generated_on > today or what.generated_on < date(2000, 1, 1):
        text = f"产生日期 {what.generated_on} 应在 2000-01-01 至今天（{today}）之间。"
        wrong("generated_on", text, "请核对年月日。", "generated_on")
    if what.form and what.form not in form_names():
        allowed = "、".join(f"{code} {name}" for code, name in form_names().items())
        wrong("form", f"形态“{what.form}”不是已知的取值。", f"请改为下列之一：{allowed}。", "unknown_form")
    if what.container and what.container not in container_names():
        allowed = "、".join(f"{code} {name}" for code, name in container_names().items())
        wrong(
            "container",
            f"包装“{what.container}”不是已知的取值。",
            f"请改为下列之一：{allowed}。",
            "unknown_container",
        )
    strange = set(parse_hazard(what.hazards).letters) - {"T", "C", "I", "R", "In"}
    if strange:
        text = f"危险特性“{what.hazards}”中的“{sorted(strange)[0]}”不认识。"
        wrong("hazards", text, "请写 T、C、I、R、In，用逗号隔开。", "unknown_hazard")
    for name in What.__dataclass_fields__:
        value = getattr(what, name)
        if isinstance(value, str) and len(value) > (limit := _LENGTHS[name]):
            wrong(name, f"有 {len(value)} 个字，最多 {limit} 个。", "请缩短。", "text_too_long")
    if listed is None:
        return what, None, findings
    if listed.domain == "hazardous" and not site.organisation.credit_code:
        text = f"“{site.organisation.name}”没有登记统一社会信用代码，不能编危险废物的数字识别码。"
        wrong("site", text, "请先在“登记”中补上信用代码。", "no_credit_code")
    whole = replace(
        what,
        waste_code=listed.code,
        waste_name=what.waste_name or listed.name[:120],
        hazards=what.hazards or listed.hazard.replace("/", ","),
    )
    return whole, listed, findings


def check_blanks(blanks: Sequence[Blank]) -> list[Finding]:
    """What is wrong with masses and external codes by themselves."""
    findings = []
    given: dict[str, int] = {}
    for i, blank in enumerate(blanks):
        if blank.mass_g is not None and not 0 < blank.mass_g <= 10**12:
            what = f"第 {i + 1} 个包装的重量为 {blank.mass_g} 克，应大于 0 且不超过 100 万吨。"
            findings.append(Finding(i + 1, f"/masses_g/{i}", what, "请填写正数，或留空表示尚未称重。", "mass_range"))
        code = blank.external_code
        if code is not None and not (0 < len(code) <= 80 and code.isprintable()):
            what = f"第 {i + 1} 个外部编码有 {len(code)} 个字，应为 1—80 个可见字符。"
            findings.append(Finding(i + 1, f"/external_codes/{i}", what, "请更正，或不填。", "external_code"))
        elif code is not None and given.setdefault(code, i) != i:
            what = f"外部编码“{code}”与第 {given[code] + 1} 个重复。"
            findings.append(
                Finding(i + 1, f"/external_codes/{i}", what, "每个包装一个外部编码。", "external_code_taken")
            )
    return findings


def refuse_taken(blanks: Sequence[Blank]) -> None:
    """Raise ``Refused`` where external codes are those of other packages; one statement where there are any."""
    given = {blank.external_code: i for i, blank in enumerate(blanks) if blank.external_code}
    if not given:
        return
    findings = []
    for code in Package.objects.filter(external_code__in=list(given)).values_list("external_code", flat=True):
        what = f"外部编码“{code}”已属于另一个包装。"
        place = given[code or ""]
        remedy = "请核对；一个外部编码只能用一次。"
        findings.append(Finding(place + 1, f"/external_codes/{place}", what, remedy, "external_code_taken"))
    if findings:
        raise Refused(findings)


def _serials(key: str, count: int, most: int) -> range:
    """Take ``count`` serial numbers of a series, for this transaction alone; one statement."""
    sql = (
        "INSERT INTO package_counter (key, last) VALUES (%s, %s) ON CONFLICT (key) "
        "DO UPDATE SET last = package_counter.last + excluded.last RETURNING last"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [key, count])
        last: int = cursor.fetchone()[0]
    if last > most:
        left = max(0, most - (last - count))
        what = f"同一单位、同一废物代码、同一天最多 {most} 个顺序号，还剩 {left} 个，本次要 {count} 个。"
        remedy = "请拆批：减少本次数量，其余按次日的收集日期另行赋码，或改用更大的包装。"
        raise Refused([Finding(None, "/count", what, remedy, "serials_exhausted")])
    return range(last - count + 1, last + 1)


def new_codes(listed: WasteCode, site: Site, on: date, count: int) -> tuple[str, list[str]]:
    """The series and ``count`` new codes; one statement."""
    if listed.domain == "hazardous":
        unit = site.organisation.credit_code or ""
        serials = _serials(f"{unit}|{listed.code}|{on:%Y%m%d}", count, SERIAL_MAX[HJ1276])
        return HJ1276, [hj1276_code(credit_code=unit, waste_code=listed.code, on=on, serial=n) for n in serials]
    serials = _serials(f"{OWN}|{listed.domain}|{on:%Y%m%d}", count, SERIAL_MAX[OWN])
    return OWN, [own_code(domain=listed.domain, on=on, serial=n, salt=secrets.randbelow(SALTS)) for n in serials]


def make_packages(
    blanks: Sequence[Blank],
    listed: WasteCode,
    site: Site,
    act: Act,
    *,
    code_on: date | None = None,
    status: Status = Status.ASSIGNED,
    origin: Package | None = None,
    is_booked: bool = False,
) -> list[Package]:
    """Make packages of one waste code at one site; two statements, whatever their number.

    Args:
        blanks: checked.
        code_on: the day in the code; the day of generation where not given.
        origin: the package that they come from: whose waste it is stays what it was.
        is_booked: the ledger holds their mass under the codes of packages: theirs, or those they come from.
    """
    series, codes = new_codes(listed, site, code_on or blanks[0].what.generated_on, len(blanks))
    made = [
        Package(
            code=code,
            external_code=blank.external_code,
            series=series,
            domain=listed.domain,
            organisation_id=origin.organisation_id if origin else site.organisation_id,
            division=origin.division if origin else site.division_id,
            site_id=site.id,
            holder_id=site.organisation_id,
            holder_division=site.division_id,
            status=status,
            mass_g=blank.mass_g,
            is_booked=is_booked,
            is_simulated=site.is_simulated,
            updated_at=act.recorded_at,
            **{name: getattr(blank.what, name) for name in What.__dataclass_fields__},
        )
        for code, blank in zip(codes, blanks, strict=True)
    ]
    for package, number in zip(made, insert_rows(Package, COLUMNS, [_row(p) for p in made]), strict=True):
        package.id = number
    return made


def _row(package: Package) -> list[Any]:
    return [getattr(package, name) for name in COLUMNS]
