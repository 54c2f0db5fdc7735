"""Writes of periodic declarations: generated from the books, confirmed by the firm, corrected as a new version."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404

from wufei.apps.declarations import adopting, selectors, site_books
from wufei.apps.declarations.models import Declaration, DeclarationStatus
from wufei.apps.declarations.plans import reason_of
from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Site
from wufei.core.declaration import Form, Period, as_rows, check_lines, forms, parse_period
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day


def form_and_period(form: str, period: str, at: datetime) -> tuple[Form, Period]:
    """The form and the period that are asked for, or a refusal."""
    found, span = forms().get(form), parse_period(period)
    findings = []
    if found is None:
        remedy = f"可用的申报表：{'、'.join(forms())}。"
        findings.append(Finding(None, "form", f"没有申报表“{form[:40]}”。", remedy, "unknown_form"))
    if span is None:
        what = f"“{period[:20]}”不是时期。"
        findings.append(Finding(None, "period", what, "月写 2026-10，季写 2026-Q3，年写 2026。", "unknown_period"))
    if found and span and span.kind not in found.titles:
        kinds = "、".join({"month": "月", "quarter": "季", "year": "年"}[kind] for kind in found.titles)
        what = f"“{found.name}”没有这种时期。"
        findings.append(Finding(None, "period", what, f"请选择：{kinds}。", "wrong_kind_of_period"))
    if span and local_day(at) < span.first:
        findings.append(
            Finding(None, "period", f"{span.name}还没有开始。", "请选择已开始的时期。", "period_in_future")
        )
    if findings or found is None or span is None:
        raise Refused(findings)
    return found, span


def _compute(row: Declaration, form: Form, period: Period) -> None:
    lines = site_books.period_lines(row.site, form, period)
    booked = site_books.booked(row.site, form, period)
    found = check_lines(lines, booked, site_books.planned_codes(row.site, form, period))
    row.lines, row.findings = as_rows(lines), [finding.as_dict() for finding in found]


@transaction.atomic
def generate(*, site: Site, form: str, period: str, actor: str, at: datetime) -> Declaration:
    """Generate the declaration of a period from the books, or generate an unconfirmed one anew.

    A confirmed one is answered as it is: it is changed by ``correct`` alone.
    """
    found, span = form_and_period(form, period, at)
    Site.objects.select_for_update().get(pk=site.pk)  # two at once would make two versions
    rows = Declaration.objects.filter(site=site, form=form, period=period)
    newest = rows.order_by("-version").first()
    if newest is not None and newest.status == DeclarationStatus.CONFIRMED:
        return newest
    row = newest or Declaration(site=site, form=form, period=period, version=1)
    row.due = found.due_on(span)
    adopting.adopt(site=site, form=found, period=span, actor=actor, at=at, roles=adopting.LEAVING, kind="manifest")
    row.generated_at, row.generated_by = at, actor
    _compute(row, found, span)
    row.save()
    _record(row, "generate_declaration", actor=actor, at=at)
    return row


@transaction.atomic
def adopt(visible: QuerySet[Declaration], *, pk: int, actor: str, at: datetime) -> tuple[Declaration, int]:
    """Enter what the ledger has and the book has not, linked and not booked again, and generate anew.

    Returns:
        The declaration, and how many entries were made.
    """
    row = _locked(visible, pk)
    form, period = form_and_period(row.form, row.period, at)
    made = adopting.adopt(site=row.site, form=form, period=period, actor=actor, at=at)
    return generate(site=row.site, form=row.form, period=row.period, actor=actor, at=at), len(made)


def generate_all(*, form: str, period: str, actor: str, at: datetime, sites: Sequence[Site] | None = None) -> int:
    """Generate the declarations of a period for all sites that owe the form; returns how many."""
    found, span = form_and_period(form, period, at)
    chosen = selectors.sites_owing(found, span) if sites is None else sites
    for site in chosen:
        generate(site=site, form=form, period=period, actor=actor, at=at)
    return len(chosen)


def _locked(visible: QuerySet[Declaration], pk: int) -> Declaration:
    row = visible.select_for_update(of=("self",)).select_related("site").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@transaction.atomic
def confirm(visible: QuerySet[Declaration], *, pk: int, note: str, actor: str, at: datetime) -> Declaration:
    """Confirm what was generated, with what the firm says to the findings. Late is a fact and flagged.

    Raises:
        Refused: it is not open, the period has not ended, the books have changed since, or findings are unexplained.
    """
    row = _locked(visible, pk)
    form, period = form_and_period(row.form, row.period, at)
    if row.status != DeclarationStatus.GENERATED:
        what = f"这份申报{DeclarationStatus(row.status).label}，不能确认。"
        raise Refused([Finding(None, "status", what, "有误请更正。", "wrong_status")])
    findings = []
    if local_day(at) <= period.last:
        what = f"{period.name}到 {period.last} 才结束。"
        findings.append(Finding(None, "period", what, "请在时期结束后重新生成并确认。", "period_not_ended"))
    before = row.lines
    _compute(row, form, period)
    if row.lines != before:
        what = "生成以后账目有变化。"
        findings.append(Finding(None, "lines", what, "请重新生成，核对后再确认。", "books_changed"))
    note = note.replace("\0", "").strip()[:2000]
    graver = [finding for finding in row.findings if finding["level"] != "info"]
    if graver and not note:
        what = f"有 {len(graver)} 处需要说明。"
        findings.append(Finding(None, "note", what, "请逐条说明原因后再确认，或改正台账后重新生成。", "unexplained"))
    if findings:
        raise Refused(findings)
    for old in Declaration.objects.filter(site=row.site, form=row.form, period=row.period, status="confirmed"):
        old.status = DeclarationStatus.SUPERSEDED
        old.save(update_fields=["status"])
    row.status, row.confirmed_at, row.confirmed_by, row.note = DeclarationStatus.CONFIRMED, at, actor, note
    row.is_late = row.version == 1 and row.due is not None and local_day(at) > row.due
    row.save()
    _record(row, "confirm_declaration", actor=actor, at=at, late=row.is_late)
    return row


@transaction.atomic
def correct(visible: QuerySet[Declaration], *, pk: int, reason: str, actor: str, at: datetime) -> Declaration:
    """Begin the correction of a confirmed declaration: a new version from the books, to be confirmed."""
    row = _locked(visible, pk)
    reason = reason_of(reason, "更正")
    if row.status != DeclarationStatus.CONFIRMED:
        what = f"这份申报{DeclarationStatus(row.status).label}，不能更正。"
        raise Refused([Finding(None, "status", what, "未确认的请重新生成。", "wrong_status")])
    same = Declaration.objects.filter(site=row.site, form=row.form, period=row.period)
    if same.filter(status="generated").exists():
        raise Refused([Finding(None, "status", "已有一份更正待确认。", "请确认那一份。", "correction_exists")])
    form, period = form_and_period(row.form, row.period, at)
    new = Declaration(
        site=row.site, form=row.form, period=row.period, version=row.version + 1, due=row.due, reason=reason,
        generated_at=at, generated_by=actor,
    )  # fmt: skip
    _compute(new, form, period)
    new.save()
    _record(new, "correct_declaration", actor=actor, at=at, reason=reason)
    return new


def _record(row: Declaration, verb: str, *, actor: str, at: datetime, **after: object) -> None:
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=f"declaration:{row.pk}",
        division=row.site.division_id,
        document=f"{row.form}:{row.period}",
        after={"site": row.site.code, "version": row.version, "lines": len(row.lines), **after},
    )
