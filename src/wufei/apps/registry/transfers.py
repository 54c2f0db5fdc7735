"""Writes of transfers across the province (跨省转移): apply, advance, decide, use; and the rate of a compensation.

The life is ``core.transfer_life``. Invariant: each write appends an event and a fact in one transaction, and what
manifests used of an approval is added under the row's lock, beyond what was granted too: that is a fact, and alerted.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import (
    CompensationRate,
    Division,
    RegionTransfer,
    RegionTransferEvent,
    RegionTransferLine,
    Site,
    User,
)
from wufei.apps.registry.transfer_reads import history_of, standing_of
from wufei.core.catalogue import DOMAIN_NAMES
from wufei.core.findings import Finding, Refused
from wufei.core.form_fields import day_of
from wufei.core.intake import BadValue, parse_date, parse_decimal, parse_mass
from wufei.core.ledger import local_day
from wufei.core.region_transfer import compensations, last_valid_day
from wufei.core.transfer_life import (
    DECISIONS,
    REASONED,
    WORDS,
    Application,
    Move,
    allowed_moves,
    leave_name,
    read_application,
    state_name,
)

LONGEST_NOTE = 500


@transaction.atomic
def apply_transfer(
    *,
    site: Site,
    head: Mapping[str, object],
    wastes: Sequence[Mapping[str, Any]],
    actor: str,
    at: datetime,
    key: str = "",
) -> RegionTransfer:
    """Apply for the transfer of wastes out of or into the province. Raises ``Refused`` with all that is wrong.

    The same person's same application under the same key is made once; another one under it is refused.
    """
    day = local_day(at)
    asked, found = read_application(head, wastes, own_division=site.division_id, day=day)
    if asked is None:
        raise Refused(found)
    if made := _made_before(site, asked, actor=actor, key=key):
        return made
    transfer = RegionTransfer.objects.create(
        direction=asked.values["direction"],
        kind=asked.kind,
        status="applied",
        domain=asked.domain,
        site=site,
        other_name=asked.values["other_name"],
        other_division=asked.other_division,
        content=dict(asked.values),
        asked_from=date.fromisoformat(asked.values["asked_from"]),
        asked_until=date.fromisoformat(asked.values["asked_until"]),
        created_at=at,
        updated_at=at,
        created_by=actor,
        key=key,
    )
    RegionTransferLine.objects.bulk_create(
        RegionTransferLine(
            transfer=transfer, waste_code=row["waste_code"], method=row.get("method", ""), asked_g=row["mass_g"]
        )
        for row in asked.wastes
    )
    _append(transfer, "apply", "apply_transfer", on=day, note="", actor=actor, at=at, before=None)
    return transfer


def _made_before(site: Site, asked: Application, *, actor: str, key: str) -> RegionTransfer | None:
    """The application that the person made of this content under this key."""
    if not key:
        return None
    # Two requests with one key come in turn: the second finds what the first has made.
    User.objects.select_for_update(of=("self",), no_key=True).only("pk").get(username=actor)
    made = RegionTransfer.objects.filter(created_by=actor, key=key).prefetch_related("lines").first()
    if made is None:
        return None
    wanted = [(row["waste_code"], row.get("method", ""), row["mass_g"]) for row in asked.wastes]
    lines = [(line.waste_code, line.method, line.asked_g) for line in made.lines.all()]
    if (made.site_id, made.content, lines) == (site.pk, dict(asked.values), wanted):
        return made
    what = f"这份表已经提出过申请 {made.pk}，内容与这次不同。"
    remedy = "要改的请打开那份申请办理；确要再提一份的，请再点一次“提出申请”。"
    raise Refused([Finding(None, "key", what, remedy, "key_used_otherwise")])


@transaction.atomic
def advance_transfer(
    visible: QuerySet[RegionTransfer], *, pk: int, event: str, by: str, on: str, note: str, actor: str, at: datetime
) -> RegionTransfer:
    """One step that decides nothing: ask for completion, complete, accept, letter sent, reply received, withdraw …

    Args:
        by: firm or office, whichever acts.
        on: the day on which it happened; empty for today.
    """
    transfer = _locked(visible, pk)
    if event in DECISIONS:
        what = "决定不能作为一般步骤登记。"
        raise Refused([Finding(None, "event", what, "请在“作出决定”中填写编号、有效期和数量。", "needs_decision")])
    move = _move(transfer, event, by)
    day, found = _day(transfer, on, at)
    found += _reason(move, note)
    if found:
        raise Refused(found)
    assert day is not None
    before, transfer.status = transfer.status, move.target
    verb = "decide_transfer" if move.target == "revoked" else "advance_transfer"
    _append(transfer, event, verb, on=day, note=note.strip(), actor=actor, at=at, before=before)
    return transfer


@transaction.atomic
def decide_transfer(
    visible: QuerySet[RegionTransfer],
    *,
    pk: int,
    grant: bool,
    values: Mapping[str, str],
    granted: Mapping[int, str],
    actor: str,
    at: datetime,
) -> RegionTransfer:
    """Record the decision. ``values``: number, decided_on, valid_until, note; ``granted``: tonnes by line, or grams.

    The last day is bounded by the measures' months, by what was asked and by the permit of the receiver.
    """
    transfer = _locked(visible, pk)
    move = _move(transfer, "grant" if grant else "refuse", "office")
    note = str(values.get("note", "")).strip()
    day, found = _day(transfer, str(values.get("decided_on", "")), at)
    found += _reason(move, note)
    lines = list(transfer.lines.all())
    if grant:
        found += _grant(transfer, lines, values, granted, day)
    if found:
        raise Refused(found)
    assert day is not None
    before, transfer.status, transfer.decided_on = transfer.status, move.target, day
    if not grant:
        transfer.number = str(values.get("number", "")).strip()[:60]
    RegionTransferLine.objects.bulk_update(lines, ["granted_g"])
    _append(transfer, move.event, "decide_transfer", on=day, note=note, actor=actor, at=at, before=before)
    return transfer


def _grant(
    transfer: RegionTransfer,
    lines: Sequence[RegionTransferLine],
    values: Mapping[str, str],
    granted: Mapping[int, str],
    day: date | None,
) -> list[Finding]:
    """Set what is granted on the rows; everything that is wrong with it."""
    found, words = [], WORDS[transfer.kind]
    # Two applications of a site under one number: the second is decided when the first is, and is told so.
    Site.objects.select_for_update(of=("self",)).get(pk=transfer.site_id)
    number = str(values.get("number", "")).replace("\0", "").strip()
    if not 0 < len(number) <= 60:
        what = f"没有填写{words.grant}编号。" if not number else f"编号有 {len(number)} 个字，最多 60 个。"
        found.append(Finding(None, "number", what, f"请照{words.grant}文书填写。", "missing_number"))
    elif RegionTransfer.objects.filter(site=transfer.site, number=number).exclude(pk=transfer.pk).exists():
        what = f"编号“{number}”已经用于本场所的另一份申请。"
        found.append(Finding(None, "number", what, "请核对批准文书的编号。", "number_used"))
    for line in lines:
        found += _granted(line, str(granted.get(line.pk, "")).strip())
    for key in sorted(set(granted) - {line.pk for line in lines}):
        what = f"本申请没有编号为 {key} 的废物。"
        found.append(Finding(None, f"granted-{key}", what, "请照申请的各种废物填写批准量。", "unknown_line"))
    if lines and not any(line.granted_g for line in lines) and not found:
        found.append(
            Finding(
                None,
                "granted",
                f"{words.grant}的数量全部为 0。",
                f"不{words.grant}的请选“{words.refuse}”。",
                "nothing_granted",
            )
        )
    if day is not None:
        found += _set_last_day(transfer, str(values.get("valid_until", "")).strip(), day)
    transfer.number = number
    return found


def _granted(line: RegionTransferLine, text: str) -> list[Finding]:
    at = f"granted-{line.pk}"
    try:
        line.granted_g = parse_mass(text, "" if text[-1].isalpha() else "t") if text else line.asked_g
    except BadValue as error:
        return [error.finding(None, at)]
    if line.granted_g > line.asked_g:
        what = f"{line.waste_code} 批准 {line.granted_g} 克，多于申请的 {line.asked_g} 克。"
        return [Finding(None, at, what, "批准量不能超过申请量；需要更多的另行申请。", "more_than_asked")]
    return []


def _set_last_day(transfer: RegionTransfer, text: str, day: date) -> list[Finding]:
    permit_until = (
        day_of(transfer.content, "other_permit_until") if transfer.direction == "out" else _permit(transfer)
    )
    last = last_valid_day(day, transfer.asked_until, permit_until)
    begin = max(day, transfer.asked_from)
    try:
        wanted = parse_date(text) if text else last
    except BadValue as error:
        return [error.finding(None, "valid_until")]
    if last < begin:
        what = f"最迟有效期 {last} 早于起始日 {begin}。"
        remedy = "请核对拟转移时间和接受单位许可证的有效期；需要更晚的请重新申请。"
        return [Finding(None, "valid_until", what, remedy, "no_day_left")]
    if not begin <= wanted <= last:
        what = f"有效期至 {wanted}，应在 {begin} 到 {last} 之间。"
        remedy = "批准最长十二个月，且不超过申请的时间和接受单位许可证的有效期。"
        return [Finding(None, "valid_until", what, remedy, "valid_too_long")]
    transfer.valid_from, transfer.valid_until = begin, wanted
    return []


def _permit(transfer: RegionTransfer) -> date | None:
    """The last day of the receiver's permits, where the receiver is the end inside the region."""
    days = transfer.site.organisation.permits.values_list("valid_until", flat=True)
    return max(days, default=None) if transfer.domain == "hazardous" else None


def _locked(visible: QuerySet[RegionTransfer], pk: int) -> RegionTransfer:
    rows = visible.select_for_update(of=("self",)).select_related("site__organisation")
    transfer = rows.filter(pk=pk).first()
    if transfer is None:
        raise Http404
    return transfer


def _move(transfer: RegionTransfer, event: str, by: str) -> Move:
    """The move, where it is allowed now and to whoever acts; else ``Refused`` says what is."""
    was_asked = transfer.history.filter(event="request_completion").exists()
    open_now = [m for m in allowed_moves(transfer.status, transfer.kind, was_asked=was_asked) if m.by == by]
    for move in open_now:
        if move.event == event:
            return move
    what = f"{leave_name(transfer.kind)}申请处于“{state_name(transfer.status, transfer.kind)}”，现在不能这样办。"
    remedy = f"此时可以：{'、'.join(m.name for m in open_now)}。" if open_now else "请等对方办理，或查看办理经过。"
    raise Refused([Finding(None, "event", what, remedy, "illegal_move")])


def _day(transfer: RegionTransfer, text: str, at: datetime) -> tuple[date | None, list[Finding]]:
    """The day on which a step happened: not in the future and not before the step before it."""
    today = local_day(at)
    try:
        day = parse_date(text) if text.strip() else today
    except BadValue as error:
        return None, [error.finding(None, "on")]
    last = transfer.history.order_by("-sequence").values_list("happened_on", flat=True).first() or day
    if last <= day <= today:
        return day, []
    what = f"日期 {day} 应在 {last}（上一步）到 {today}（今天）之间。"
    return None, [Finding(None, "on", what, "请核对日期。", "wrong_day")]


def _reason(move: Move, note: str) -> list[Finding]:
    text = note.strip()
    if move.event in REASONED and not text:
        return [Finding(None, "note", f"“{move.name}”没有写原因。", "请写明全部内容或理由。", "missing_reason")]
    if len(text) > LONGEST_NOTE or "\0" in text:
        what = f"说明有 {len(text)} 个字，最多 {LONGEST_NOTE} 个。"
        return [Finding(None, "note", what, "请缩短，去掉不可见字符。", "text_too_long")]
    return []


def _append(
    transfer: RegionTransfer,
    event: str,
    verb: str,
    *,
    on: date,
    note: str,
    actor: str,
    at: datetime,
    before: str | None,
) -> None:
    transfer.events += 1
    transfer.updated_at = at
    RegionTransferEvent.objects.create(
        transfer=transfer,
        sequence=transfer.events,
        event=event,
        status=transfer.status,
        happened_on=on,
        note=note,
        actor=actor,
        recorded_at=at,
    )
    due = standing_of(transfer, history_of(transfer), today=on).due
    transfer.due_on = due.on if due else None
    transfer.save()
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=f"region_transfer:{transfer.pk}",
        division=transfer.site.division_id,
        document=transfer.number,
        before={"status": before} if before else None,
        after={"status": transfer.status, "event": event, "on": on.isoformat(), "site": transfer.site.code},
    )


def use_transfer(*, line_id: int, mass_g: int, document: str, actor: str, at: datetime) -> int:
    """Count grams that crossed the border against a line; what remains, below 0 when it is overrun: a fact.

    Inside the transaction of the departure. A negative mass gives back, never below nothing used.
    """
    rows = RegionTransferLine.objects.filter(pk=line_id, used_g__gte=-mass_g)
    if not rows.update(used_g=F("used_g") + mass_g):
        what = f"已用量不足 {-mass_g} 克，不能退回。"
        raise Refused([Finding(None, "/region/approval", what, "请核对要退回的联单。", "transfer_use_below_zero")])
    line = RegionTransferLine.objects.select_related("transfer__site").get(pk=line_id)
    record_fact(
        at=at,
        actor=actor,
        verb="use_transfer",
        subject=f"region_transfer:{line.transfer_id}",
        division=line.transfer.site.division_id,
        document=document,
        after={"waste_code": line.waste_code, "mass_g": mass_g, "used_g": line.used_g},
    )
    return (line.granted_g or 0) - line.used_g


@transaction.atomic
def enter_rate(
    *, division: Division, domain: str, yuan_per_t: str, valid_from: str, source: str, actor: str, at: datetime
) -> CompensationRate:
    """Enter the rate of a place's ecological compensation from a day on, with the document that states it."""
    found = []
    rate, day = Decimal(0), None
    domains = {name for rule in compensations() if rule.place == division.code for name in rule.domains}
    if domain not in domains:
        words = "、".join(DOMAIN_NAMES[name] for name in sorted(domains)) or "没有规则"
        what = f"{division.name}的生态补偿不适用于“{DOMAIN_NAMES.get(domain, domain[:20])}”。"
        found.append(Finding(None, "domain", what, f"可以登记的类别：{words}。", "no_such_rule"))
    try:
        rate = parse_decimal(yuan_per_t)
        if not 0 <= rate < 10**9 or rate != rate.quantize(Decimal("0.01")):
            what = f"标准为 {yuan_per_t.strip()[:20]}。"
            found.append(Finding(None, "yuan_per_t", what, "请填不小于 0、最多两位小数的元每吨。", "bad_rate"))
    except BadValue as error:
        found.append(error.finding(None, "yuan_per_t"))
    try:
        day = parse_date(valid_from)
    except BadValue as error:
        found.append(error.finding(None, "valid_from"))
    source = source.replace("\0", "").strip()
    if not 0 < len(source) <= 200:
        found.append(Finding(None, "source", "没有写出依据。", "请写文件名称和文号，200 字以内。", "missing_source"))
    if day and CompensationRate.objects.filter(division=division, domain=domain, valid_from=day).exists():
        what = f"{day} 起的标准已经登记。"
        found.append(Finding(None, "valid_from", what, "标准调整的请写新的起始日。", "rate_exists"))
    if found:
        raise Refused(found)
    assert day is not None
    row = CompensationRate.objects.create(
        division=division, domain=domain, yuan_per_t=rate, valid_from=day, source=source, entered_at=at,
        entered_by=actor,
    )  # fmt: skip
    record_fact(
        at=at,
        actor=actor,
        verb="enter_compensation_rate",
        subject=f"compensation_rate:{row.pk}",
        division=division.code,
        document=source,
        after={"domain": domain, "yuan_per_t": str(rate), "valid_from": day.isoformat()},
    )
    return row
