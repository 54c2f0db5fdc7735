"""Papers between sender and receiver: permit, plan, stock, contract, leave to cross the province, handling plan."""

from collections.abc import Iterator

from wufei.core.checks.case import Case, allows_method, by_code, permit_of, tonnes
from wufei.core.checks.registry import Hit, look
from wufei.core.checks.values import PermitRecord
from wufei.core.region_transfer import needed_leave
from wufei.core.regulations import clause_on

RECEIVER = "/receiver/site"


@look("receiver_is_sender")
def same_site(case: Case) -> Iterator[Hit]:
    """Waste does not travel to where it is."""
    if case.receiver and case.receiver == case.sender:
        yield Hit("receiver_is_sender", RECEIVER, {"site": case.receiver})


@look("permit_missing", "permit_expired", "permit_code", "permit_method", "permit_remaining", "permit_over_capacity")
def permit(case: Case) -> Iterator[Hit]:
    """The receiver's permit: there is one, it is valid, covers code and method, and its year has room."""
    lines = case.lines_of("permit_code")
    permits = case.dossier.permits
    if not lines or not case.dossier.permit_needed or not (case.receiver or permits):
        return
    if not permits:
        yield Hit("permit_missing", RECEIVER, {"receiver": case.receiver})
        return
    valid = [p for p in permits if p.holds_on(case.day)]
    if not valid:
        numbers = "、".join(f"{p.number}（至 {p.valid_until}）" for p in sorted(permits, key=lambda p: p.number))
        yield Hit("permit_expired", RECEIVER, {"day": f"{case.day}", "permits": numbers})
        return
    taken: dict[PermitRecord, int] = {}
    for line in lines:
        chosen = permit_of(case, line)
        if chosen is None:
            numbers = "、".join(sorted(p.number for p in valid))
            yield Hit("permit_code", line.at("code"), {"code": line.code, "permits": numbers})
            continue
        if not allows_method(chosen, line):
            allowed = "、".join(sorted(chosen.methods))
            facts = {"method": line.method, "permit": chosen.number, "allowed": allowed}
            yield Hit("permit_method", line.at("method"), facts)
        taken[chosen] = taken.get(chosen, 0) + line.mass_g
    for chosen, mass_g in taken.items():
        yield from _room(case, chosen, mass_g)


def _room(case: Case, permit: PermitRecord, mass_g: int) -> Iterator[Hit]:
    if mass_g <= 0 or mass_g <= permit.remaining_g:
        return
    clause = clause_on("permit-measures/over-capacity", case.dossier.rules_day)
    allowance = int(clause.value) if clause and clause.value else 0
    is_far_over = clause is not None and (permit.used_g + mass_g) * 100 > permit.capacity_g * (100 + allowance)
    facts = {
        "permit": permit.number,
        "mass": tonnes(mass_g),
        "left": tonnes(max(permit.remaining_g, 0)),
        "used": tonnes(permit.used_g),
        "capacity": tonnes(permit.capacity_g),
        "allowance": f"{allowance}%",
    }
    yield Hit("permit_over_capacity" if is_far_over else "permit_remaining", RECEIVER, facts)


@look("plan_missing", "plan_transfer", "plan_remaining")
def plan(case: Case) -> Iterator[Hit]:
    """The sender's management plan is filed, names the transfer, and has room for it."""
    lines = case.lines_of("plan_transfer")
    if not lines or case.dossier.plan_filed is None:
        return
    if not case.dossier.plan_filed:
        yield Hit("plan_missing", "/generator/site", {"year": f"{case.day.year}"})
        return
    for code, same in by_code(lines).items():
        mass_g = sum(line.mass_g for line in same)
        wanted = {line.method for line in same if line.method}
        rooms = [
            transfer
            for transfer in case.dossier.plan_transfers
            if transfer.waste_code == code
            and transfer.receiver in {"", case.receiver}
            and (not transfer.method or not wanted or transfer.method in wanted)
        ]
        if not rooms:
            yield Hit("plan_transfer", same[0].at("code"), {"code": code, "receiver": case.receiver or "—"})
        elif mass_g > (left_g := sum(transfer.remaining_g for transfer in rooms)):
            facts = {"code": code, "mass": tonnes(mass_g), "left": tonnes(max(left_g, 0))}
            yield Hit("plan_remaining", same[0].at("mass_g"), facts)


@look("stock_short")
def stock(case: Case) -> Iterator[Hit]:
    """What leaves is in store."""
    if case.dossier.stock_g is None:
        return
    for code, same in by_code(case.lines_of("stock_short")).items():
        mass_g, held_g = sum(line.mass_g for line in same), case.dossier.stock_g.get(code, 0)
        if mass_g > held_g:
            facts = {"code": code, "mass": tonnes(mass_g), "held": tonnes(held_g)}
            yield Hit("stock_short", same[0].at("mass_g"), facts)


@look("contract_missing", "contract_expired", "contract_code", "contract_remaining")
def contract(case: Case) -> Iterator[Hit]:
    """A written contract covers the delivery."""
    contracts, lines = case.dossier.contracts, case.lines_of("contract_missing")
    if contracts is None or not lines:
        return
    valid = [c for c in contracts if c.holds_on(case.day)]
    if not valid:
        numbers = "、".join(sorted(c.number for c in contracts))
        facts = {"day": f"{case.day}", "contracts": numbers}
        yield Hit("contract_expired" if contracts else "contract_missing", RECEIVER, facts)
        return
    for code, same in by_code(lines).items():
        covering = [c for c in valid if c.covers(code)]
        mass_g = sum(line.mass_g for line in same)
        if not covering:
            numbers = "、".join(sorted(c.number for c in valid))
            yield Hit("contract_code", same[0].at("code"), {"code": code, "contracts": numbers})
            continue
        lefts = [c.remaining_g[code] for c in covering if code in c.remaining_g]
        if len(lefts) == len(covering) and mass_g > sum(lefts):
            facts = {"code": code, "mass": tonnes(mass_g), "left": tonnes(max(sum(lefts), 0))}
            yield Hit("contract_remaining", same[0].at("mass_g"), facts)


@look("region_unstated")
def region_stated(case: Case) -> Iterator[Hit]:
    """Where an end lies outside the region, it is written in which province."""
    if case.dossier.region_unstated:
        yield Hit("region_unstated", "/region/division")


@look("region_missing", "region_expired", "region_scope", "region_remaining")
def region(case: Case) -> Iterator[Hit]:
    """Waste that crosses the province has its approval or filing, valid and with room."""
    if not case.dossier.leaves_province:
        return
    sums: dict[str, int] = {}
    allowed: dict[str, int] = {}
    for line in case.lines_of("region_missing"):
        leave = needed_leave(line.domain, line.method, case.dossier.rules_day)
        if leave is None:
            continue
        given = [a for a in case.dossier.approvals if a.kind in {leave.kind, "approval"}]
        valid = [a for a in given if a.holds_on(case.day)]
        fitting = [
            a
            for a in valid
            if not a.is_for_another
            and (not a.codes or line.code in a.codes)
            and (not a.methods or not line.method or line.method in a.methods)
        ]
        facts = {"code": line.code, "leave": leave.name, "day": f"{case.day}"}
        if fitting:
            sums[line.code] = sums.get(line.code, 0) + line.mass_g
            allowed[line.code] = sum(a.remaining_g for a in fitting)
        elif valid:
            yield Hit("region_scope", line.at("code"), facts)
        else:
            yield Hit("region_expired" if given else "region_missing", line.at("code"), facts)
    for code, mass_g in sums.items():
        if mass_g > allowed[code]:
            facts = {"code": code, "mass": tonnes(mass_g), "left": tonnes(max(allowed[code], 0))}
            yield Hit("region_remaining", by_code(case.lines)[code][0].at("mass_g"), facts)


@look("handling_plan_missing", "handling_plan_unapproved", "handling_plan_expired")
def handling_plan(case: Case) -> Iterator[Hit]:
    """A building site has its handling plan approved before waste leaves."""
    if not case.dossier.is_building_site or not case.lines_of("handling_plan_missing"):
        return
    held, at = case.dossier.handling_plan, "/generator/site"
    if held is None:
        yield Hit("handling_plan_missing", at)
    elif not held.is_approved:
        yield Hit("handling_plan_unapproved", at, {"number": held.number})
    elif not held.holds_on(case.day):
        yield Hit("handling_plan_expired", at, {"number": held.number, "day": f"{case.day}"})
