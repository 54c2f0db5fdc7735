"""Writes of management plans: begun, filled in, filed with a number, changed as a new version, returned, used."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.http import Http404

from wufei.apps.declarations import selectors
from wufei.apps.declarations.models import ManagementPlan, PlanTransfer, PlanUse
from wufei.apps.declarations.numbers import next_number
from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Site
from wufei.core.divisions import place_of
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day
from wufei.core.management_plan import (
    Basis,
    PlanStatus,
    advance,
    basis_of,
    check_content,
    grade_of,
    plan_due,
    read_content,
    tables,
)

YEARS_BACK, YEARS_AHEAD = 1, 1


def basis(plan: ManagementPlan) -> Basis:
    """What the plan's grade rests on: its own row, and the ledger where that is blank."""
    row: Mapping[str, Any] = (plan.content.get("basis") or [{}])[0]
    ledger_g = selectors.hazardous_by_year(plan.site, range(plan.year - 3, plan.year))
    return basis_of(row, year=plan.year, ledger_g=ledger_g)


def _locked(visible: QuerySet[ManagementPlan], pk: int) -> ManagementPlan:
    """The plan, locked; what is not in sight does not exist."""
    found = visible.select_for_update(of=("self",)).select_related("site", "site__organisation").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _record(plan: ManagementPlan, verb: str, *, actor: str, at: datetime, **after: object) -> None:
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=f"management_plan:{plan.pk}",
        division=plan.site.division_id,
        document=plan.number,
        after={"site": plan.site.code, "year": plan.year, "version": plan.version, "grade": plan.grade, **after},
    )


@transaction.atomic
def start_plan(*, site: Site, year: int, actor: str, at: datetime) -> ManagementPlan:
    """Begin the plan of a year as a draft, with what the registry knows."""
    today = local_day(at)
    if not today.year - YEARS_BACK <= year <= today.year + YEARS_AHEAD:
        what = f"管理计划的年度 {year} 不在 {today.year - YEARS_BACK}—{today.year + YEARS_AHEAD} 之间。"
        raise Refused([Finding(None, "year", what, "请选择今年或下一年。", "year_out_of_range")])
    if ManagementPlan.objects.filter(site=site, year=year).exists():
        what = f"{site.name} {year} 年的管理计划已经建立。"
        raise Refused([Finding(None, "year", what, "请打开它继续填写，或变更为新版本。", "plan_exists")])
    plan = ManagementPlan(
        site=site, year=year, version=1, status=PlanStatus.DRAFT, created_at=at, created_by=actor,
        content=selectors.draft_content(site, date(year, 1, 1)),
    )  # fmt: skip
    plan.grade = grade_of(basis(plan), on=date(year, 1, 1))
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError:  # begun twice in one moment
        what = f"{site.name} {year} 年的管理计划已经建立。"
        raise Refused([Finding(None, "year", what, "请打开它继续填写。", "plan_exists")]) from None
    _record(plan, "start_plan", actor=actor, at=at)
    return plan


@transaction.atomic
def save_plan(
    visible: QuerySet[ManagementPlan],
    *,
    pk: int,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    actor: str,
    at: datetime,
) -> ManagementPlan:
    """Keep some tables of a draft; the others stay. The grade follows from the content.

    Raises:
        Refused: a cell cannot be understood; nothing was kept.
    """
    plan = _locked(visible, pk)
    after = advance(plan.status, "edit")
    if isinstance(after, Finding):
        raise Refused([after])
    content, findings = read_content(rows)
    faults = [f for f in findings if f.code != "missing_field"]  # a draft may be incomplete; filing tells
    if faults:
        raise Refused(faults)
    plan.content = {**plan.content, **content}
    plan.grade = grade_of(basis(plan), on=date(plan.year, 1, 1))
    plan.save(update_fields=["content", "grade"])
    _record(plan, "save_plan", actor=actor, at=at, tables=sorted(content))
    return plan


def findings_of(plan: ManagementPlan) -> list[Finding]:
    """All that keeps a plan from being filed as it is."""
    content, findings = read_content(plan.content)
    asked = {name for name, table in tables().items() if plan.grade in table.grades}
    return [f for f in findings if f.field.partition(".")[0] in asked] + check_content(content, plan.grade)


@transaction.atomic
def file_plan(visible: QuerySet[ManagementPlan], *, pk: int, actor: str, at: datetime) -> ManagementPlan:
    """File a draft: it gets its number and replaces the version before; a late filing is a fact and flagged.

    Raises:
        Refused: what is missing or contradictory, all of it; nothing was filed.
    """
    plan = _locked(visible, pk)
    after = advance(plan.status, "file")
    if isinstance(after, Finding):
        raise Refused([after])
    findings = findings_of(plan)
    if findings:
        raise Refused(findings)
    today = local_day(at)
    for old in ManagementPlan.objects.select_for_update().filter(
        site=plan.site, year=plan.year, status__in=["filed", "returned"]
    ):
        status = advance(old.status, "supersede")
        assert not isinstance(status, Finding)
        old.status, old.replaced_on = status, today
        old.save(update_fields=["status", "replaced_on"])
    place = place_of(plan.site.division_id)
    plan.number = f"GLJH-{place}-{plan.year}-{next_number(f'plan:{place}:{plan.year}'):06}"
    plan.status, plan.filed_at, plan.filed_by = after, at, actor
    plan.is_late = plan.version == 1 and today > plan_due(plan.year)
    plan.save(update_fields=["number", "status", "filed_at", "filed_by", "is_late"])
    PlanTransfer.objects.bulk_create(_transfers(plan))
    _record(plan, "file_plan", actor=actor, at=at, late=plan.is_late)
    return plan


def _transfers(plan: ManagementPlan) -> list[PlanTransfer]:
    rows = plan.content.get("A7", [])
    by_code, by_name = selectors.organisations_named(
        {row["receiver_code"] for row in rows if "receiver_code" in row}, {row["receiver"] for row in rows}
    )
    return [
        PlanTransfer(
            plan=plan,
            row=number,
            waste_code=row["waste_code"],
            receiver=by_code.get(row.get("receiver_code", "")) or by_name.get(row["receiver"]),
            receiver_name=row["receiver"],
            method=row["method"],
            planned_mass_g=row["planned_g"],
        )
        for number, row in enumerate(rows, 1)
    ]


@transaction.atomic
def change_plan(
    visible: QuerySet[ManagementPlan], *, pk: int, reason: str, actor: str, at: datetime
) -> ManagementPlan:
    """Begin the next version of a filed or returned plan as a draft; the old one holds until the draft is filed."""
    plan = _locked(visible, pk)
    reason = reason_of(reason, "变更")
    if plan.status not in {PlanStatus.FILED, PlanStatus.RETURNED}:
        what = "只有已备案或已退回的管理计划才能变更。"
        raise Refused([Finding(None, "status", what, "草稿请直接修改。", "wrong_status")])
    versions = ManagementPlan.objects.filter(site=plan.site, year=plan.year)
    if versions.filter(status="draft").exists():
        what = f"{plan.year} 年的管理计划已有一份变更草稿。"
        raise Refused([Finding(None, "status", what, "请打开草稿继续填写。", "draft_exists")])
    newest = versions.order_by("-version").values_list("version", flat=True)[0]
    draft = ManagementPlan.objects.create(
        site=plan.site, year=plan.year, version=newest + 1, status=PlanStatus.DRAFT, grade=plan.grade,
        content=plan.content, reason=reason, created_at=at, created_by=actor,
    )  # fmt: skip
    _record(draft, "change_plan", actor=actor, at=at, reason=reason)
    return draft


@transaction.atomic
def return_plan(
    visible: QuerySet[ManagementPlan], *, pk: int, reason: str, actor: str, at: datetime
) -> ManagementPlan:
    """Send a filed plan back with the reason: it no longer holds until a new version is filed."""
    plan = _locked(visible, pk)
    reason = reason_of(reason, "退回")
    after = advance(plan.status, "return")
    if isinstance(after, Finding):
        raise Refused([after])
    plan.status, plan.returned_at, plan.returned_by, plan.return_reason = after, at, actor, reason
    plan.save(update_fields=["status", "returned_at", "returned_by", "return_reason"])
    _record(plan, "return_plan", actor=actor, at=at, reason=reason)
    return plan


def reason_of(text: str, what: str) -> str:
    """A reason that was written, in one line; raises ``Refused`` where there is none."""
    reason = " ".join(text.replace("\0", "").split())
    if not reason or len(reason) > 200:
        told = "没有写原因。" if not reason else f"原因有 {len(reason)} 个字，最多 200 个。"
        raise Refused([Finding(None, "reason", told, f"请写明{what}的原因。", "missing_reason")])
    return reason


@transaction.atomic
def plan_line(*, site_id: int, year: int, waste_code: str, receiver_id: int | None, receiver_name: str = "") -> int:
    """The key of the line on which a site's use of a year's plan is counted; it exists without a plan too."""
    key = selectors.receiver_key(receiver_id, receiver_name)
    use, _ = PlanUse.objects.get_or_create(site_id=site_id, year=year, waste_code=waste_code, receiver_key=key)
    return use.pk


def add_to_plan(line_id: int, mass_g: int) -> None:
    """Count ``mass_g`` on a line of a plan's use; a negative mass gives back what void or refused manifests had used.

    Never refuses: a transfer beyond the plan, or without one, is a fact that others judge
    (``selectors.plan_transfers_of`` tells by how much). Atomic, inside the caller's transaction.
    """
    PlanUse.objects.filter(pk=line_id).update(used_g=F("used_g") + mass_g)
