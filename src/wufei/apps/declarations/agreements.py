"""Writes of contracts and handling plans, and the files that are kept with a contract."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404

from wufei.apps.declarations import selectors
from wufei.apps.declarations.models import Contract, ContractUse, HandlingPlan
from wufei.apps.declarations.numbers import next_number
from wufei.apps.declarations.plans import reason_of
from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Organisation, Site
from wufei.core.agreements import HANDLING_NAMES, HandlingStatus, is_late, read_contract, read_handling
from wufei.core.divisions import place_of
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day

FILE_MAX = 20 * 1024 * 1024
FILE_KINDS = (".pdf", ".jpg", ".jpeg", ".png", ".docx", ".doc", ".ofd", ".zip")


def file_path(sha256: str) -> Path:
    """Where the file with this digest is kept."""
    return Path(settings.HOME) / "contracts" / sha256[:2] / sha256


def _keep(name: str, raw: bytes) -> str:
    """Keep a file by its digest; the same file is kept once."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix not in FILE_KINDS:
        what = f"不收 {suffix[:10] or '没有扩展名的'} 文件。"
        raise Refused([Finding(None, "file", what, f"请上传 {'、'.join(FILE_KINDS)}。", "wrong_file_kind")])
    if not 0 < len(raw) <= FILE_MAX:
        what = f"文件有 {len(raw)} 字节，应在 1 字节到 20 MB 之间。"
        raise Refused([Finding(None, "file", what, "请压缩后再上传。", "wrong_file_size")])
    digest = hashlib.sha256(raw).hexdigest()
    path = file_path(digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{digest}.{os.getpid()}")
        part.write_bytes(raw)
        part.replace(path)
    return digest


@transaction.atomic
def record_contract(
    *,
    generator: Organisation,
    head: Mapping[str, object],
    items: Sequence[Mapping[str, Any]],
    actor: str,
    at: datetime,
    file: tuple[str, bytes] | None = None,
) -> Contract:
    """Record a contract, with its file where there is one.

    Raises:
        Refused: all that is wrong; nothing was kept.
    """
    values, rows, findings = read_contract(head, items)
    number = values.get("number", "")
    if number and Contract.objects.filter(generator=generator, number=number).exists():
        what = f"合同“{number}”已经登记。"
        findings.append(Finding(None, "number", what, "请核对编号；续签的合同请用新编号。", "contract_exists"))
    if findings:
        raise Refused(findings)
    code = values.get("receiver_code", "")
    by_code, by_name = selectors.organisations_named({code} if code else set(), {values["receiver"]})
    contract = Contract(
        generator=generator,
        receiver=by_code.get(code) or by_name.get(values["receiver"]),
        receiver_name=values["receiver"],
        number=number,
        valid_from=date.fromisoformat(values["valid_from"]),
        valid_to=date.fromisoformat(values["valid_to"]),
        items=rows,
        created_at=at,
        created_by=actor,
    )
    if file is not None:
        contract.file_sha256, contract.file_name = _keep(*file), file[0][-200:]
    contract.save()
    _record_contract(contract, "record_contract", actor=actor, at=at, sha256=contract.file_sha256)
    return contract


@transaction.atomic
def end_contract(
    visible: QuerySet[Contract], *, pk: int, on: date, reason: str, actor: str, at: datetime
) -> Contract:
    """End a contract early: ``on`` is the last day that it covers."""
    contract = visible.select_for_update(of=("self",)).select_related("generator").filter(pk=pk).first()
    if contract is None:
        raise Http404
    reason = reason_of(reason, "终止")
    if contract.ended_on is not None:
        what = f"合同“{contract.number}”已于 {contract.ended_on} 终止。"
        raise Refused([Finding(None, "ended_on", what, "无需再办。", "already_ended")])
    if not contract.valid_from <= on <= contract.valid_to:
        what = f"终止日 {on} 不在 {contract.valid_from} 到 {contract.valid_to} 之间。"
        raise Refused([Finding(None, "ended_on", what, "请核对日期。", "end_outside_contract")])
    contract.ended_on, contract.end_reason = on, reason
    contract.save(update_fields=["ended_on", "end_reason"])
    _record_contract(contract, "end_contract", actor=actor, at=at, on=on.isoformat(), reason=reason)
    return contract


def contract_line(contract_id: int, waste_code: str) -> int:
    """The key of the line on which a contract's use for a waste is counted."""
    return ContractUse.objects.get_or_create(contract_id=contract_id, waste_code=waste_code)[0].pk


def add_to_contract(line_id: int, mass_g: int) -> None:
    """Count ``mass_g`` on a line of a contract's use; a negative mass gives back. Never refuses: others judge."""
    ContractUse.objects.filter(pk=line_id).update(used_g=F("used_g") + mass_g)


def _record_contract(contract: Contract, verb: str, *, actor: str, at: datetime, **after: object) -> None:
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=f"contract:{contract.pk}",
        division=contract.generator.division_id,
        document=contract.number,
        after={"receiver": contract.receiver_name, "items": len(contract.items), **after},
    )


@transaction.atomic
def submit_handling_plan(
    *,
    site: Site,
    head: Mapping[str, object],
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    actor: str,
    at: datetime,
    reason: str = "",
) -> HandlingPlan:
    """File the handling plan of a building site, or a new version with the reason. Late is a fact and flagged.

    An approved version stays in force until the new one is approved; one that waits or was returned is replaced.
    """
    values, content, findings = read_handling(head, tables)
    Site.objects.select_for_update().get(pk=site.pk)  # two at once would make two of one version
    rows = HandlingPlan.objects.filter(site=site)
    newest = rows.order_by("-version").first()
    if newest is not None and not reason.strip():
        what = f"{site.name}已有处理方案（第 {newest.version} 版）。"
        findings.append(Finding(None, "reason", what, "请写明变更的原因。", "missing_reason"))
    if findings:
        raise Refused(findings)
    rows.filter(status__in=[HandlingStatus.SUBMITTED, HandlingStatus.RETURNED]).update(
        status=HandlingStatus.SUPERSEDED
    )
    today, place = local_day(at), place_of(site.division_id)
    begins_on = date.fromisoformat(values["begins_on"])
    plan = HandlingPlan.objects.create(
        site=site,
        version=newest.version + 1 if newest else 1,
        number=f"JZFA-{place}-{today.year}-{next_number(f'handling:{place}:{today.year}'):06}",
        status=HandlingStatus.SUBMITTED,
        project=values["project"],
        begins_on=begins_on,
        ends_on=date.fromisoformat(values["ends_on"]),
        content={"head": values, **content},
        reason=reason_of(reason, "变更") if newest else "",
        is_late=newest is None and is_late(today, begins_on),
        submitted_at=at,
        submitted_by=actor,
    )
    _record_handling(plan, "submit_handling_plan", actor=actor, at=at, late=plan.is_late)
    return plan


@transaction.atomic
def decide_handling_plan(
    visible: QuerySet[HandlingPlan], *, pk: int, approve: bool, reason: str, actor: str, at: datetime
) -> HandlingPlan:
    """Approve a handling plan, or return it with the reason; an approval replaces the version approved before."""
    plan = visible.select_for_update(of=("self",)).select_related("site").filter(pk=pk).first()
    if plan is None:
        raise Http404
    if plan.status != HandlingStatus.SUBMITTED:
        what = f"处理方案{HANDLING_NAMES[plan.status]}，不能审批。"
        raise Refused([Finding(None, "status", what, "请打开待审批的版本。", "wrong_status")])
    reason = reason.strip()[:200] if approve else reason_of(reason, "退回")
    if approve:
        HandlingPlan.objects.filter(site=plan.site, status=HandlingStatus.APPROVED).update(
            status=HandlingStatus.SUPERSEDED
        )
    plan.status = HandlingStatus.APPROVED if approve else HandlingStatus.RETURNED
    plan.decided_at, plan.decided_by, plan.decision_reason = at, actor, reason
    plan.save(update_fields=["status", "decided_at", "decided_by", "decision_reason"])
    verb = "approve_handling_plan" if approve else "return_handling_plan"
    _record_handling(plan, verb, actor=actor, at=at, reason=reason)
    return plan


def _record_handling(plan: HandlingPlan, verb: str, *, actor: str, at: datetime, **after: object) -> None:
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=f"handling_plan:{plan.pk}",
        division=plan.site.division_id,
        document=plan.number,
        after={"site": plan.site.code, "version": plan.version, "status": plan.status, **after},
    )
