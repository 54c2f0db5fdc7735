"""The receipt of a manifest: what became of each waste, what is wrong with it, and whose signature it still lacks.

Invariant: a receipt has one line for each waste, in their order.
"""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from functools import partial
from hashlib import sha256
from typing import Any

from wufei.core.checks.run import CheckFinding
from wufei.core.findings import Finding, Level
from wufei.core.kilograms import kilograms_text
from wufei.core.manifest import Event, Outcome, is_major_difference
from wufei.core.manifest_document import get
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.numbers import fraction_text


def outcomes_of(document: Mapping[str, Any]) -> list[Outcome]:
    """What became of each waste, from the receipt; lines that say nothing of refusal or loss have none."""
    lines = (document.get("receipt") or {}).get("lines") or []
    return [
        Outcome(
            sent_g=waste.get("mass_g") or 0,
            accepted_g=line.get("accepted_g") or 0,
            refused_g=line.get("refused_g") or 0,
            lost_g=line.get("lost_g") or 0,
        )
        for waste, line in zip(document["wastes"], lines, strict=False)
    ]


def difference_words(outcome: Outcome) -> str:
    """By how much more or less arrived than was sent, with the share of what was sent; empty where none."""
    if not outcome.missing_g:
        return ""
    word = "少" if outcome.missing_g > 0 else "多"
    share = Fraction(abs(outcome.missing_g) * 100, outcome.sent_g) if outcome.sent_g else None
    told = f"（{fraction_text(share, 2)}%）" if share is not None else ""
    return f"{word} {kilograms_text(abs(outcome.missing_g))} 千克{told}"


def major_differences(document: Mapping[str, Any]) -> list[CheckFinding]:
    """An alert for each waste of which much more or less arrived than was sent, by the profile's tolerance."""
    profile = manifest_profiles()[str(document["profile"])]
    limits = {"tolerance_ppm": profile.tolerance_ppm, "least_g": profile.tolerance_least_g}
    return [
        CheckFinding(
            line=None,
            field=f"/receipt/lines/{place}/accepted_g",
            what=(
                f"重大差异：{waste['code']} 移出 {kilograms_text(o.sent_g)} 千克，"
                f"到达 {kilograms_text(o.received_g)} 千克（接受 {kilograms_text(o.accepted_g)}、"
                f"拒收 {kilograms_text(o.refused_g)}、损耗 {kilograms_text(o.lost_g)}），{difference_words(o)}。"
            ),
            remedy="请接受单位核对磅单：填错的申请更正，属实的与移出单位、承运单位查明原因。",
            code="major_difference",
            level=Level.WARN,
            stage=Event.CONFIRM.value,
            pointer=f"/receipt/lines/{place}/accepted_g",
            curer="receiver",
        )
        for place, (waste, o) in enumerate(zip(document["wastes"], outcomes_of(document), strict=False))
        if is_major_difference(o, **limits)
    ]


def unconfirmed(differences: Sequence[Finding], confirmed: str | None) -> list[Finding]:
    """Why whoever signs on a page must look again: they have not said that these differences are so.

    Args:
        confirmed: what ``mark_of`` gave for the differences they were shown; ``None`` where nobody is asked.
    """
    if confirmed is None or not differences or confirmed == mark_of(differences):
        return []
    remedy = "请核对磅单；属实的，请在下面勾选确认后再签字。"
    return [Finding(None, "/difference", f.what, remedy, "difference_unconfirmed") for f in differences]


def mark_of(differences: Sequence[Finding]) -> str:
    """A short text that is the same for the same differences alone."""
    return sha256("".join(f.what for f in differences).encode()).hexdigest()[:16] if differences else ""


def outcome_findings(document: Mapping[str, Any], event: Event) -> list[Finding]:
    """What is wrong with a receipt: a line for each waste; a refusal accepts nothing and refuses something.

    What was lost whole is confirmed: nothing of it can be accepted or sent back.
    """
    wastes, lines = document["wastes"], (document.get("receipt") or {}).get("lines") or []
    if len(lines) != len(wastes):
        what = f"联单有 {len(wastes)} 种废物，接受情况写了 {len(lines)} 行。"
        return [Finding(None, "/receipt/lines", what, "每种废物写一行接受情况。", "lines_missing")]
    outcomes = outcomes_of(document)
    found = []
    if event is Event.REFUSE and any(o.accepted_g for o in outcomes):
        what = "拒收的联单写了接受量。"
        found.append(Finding(None, "/receipt/lines", what, "部分接受请用“确认接受”。", "refusal_accepts"))
    if event is Event.REFUSE and not any(o.refused_g for o in outcomes):
        what = "拒收的联单没有写拒收量。"
        found.append(Finding(None, "/receipt/lines", what, "请写明拒收量。", "refusal_without_mass"))
    if event is Event.CONFIRM and any(o.refused_g for o in outcomes) and not any(o.accepted_g for o in outcomes):
        what = "确认接受的联单没有接受量。"
        found.append(Finding(None, "/receipt/lines", what, "全部不收请用“拒收”。", "nothing_accepted"))
    for i, (waste, line) in enumerate(zip(wastes, lines, strict=True)):
        named = set(line.get("refused_packages") or ())
        pointer = f"/receipt/lines/{i}/refused_packages"
        if strange := sorted(named - set(waste.get("packages") or ())):
            what = f"拒收的包装 {'、'.join(strange[:3])} 不在这种废物的包装码中。"
            found.append(Finding(None, pointer, what, "请只写联单上的包装码。", "refused_package_unknown"))
        elif named and not line.get("refused_g"):
            what = "写了拒收的包装，没有写拒收量。"
            found.append(Finding(None, pointer, what, "请写明拒收量，或删去包装码。", "refused_package_without_mass"))
    return found


def unsigned_witnesses(document: Mapping[str, Any], event: str, signed: Collection[str]) -> list[Finding]:
    """Parties whose signature the profile wants before ``event`` and that have not signed."""
    return [
        Finding(None, "/slot", "还缺见证方签字。", "请保险机构等见证方先签字。", "witness_missing")
        for witness in manifest_profiles()[str(document["profile"])].witnesses
        if witness.required_before == event
        and witness.slot not in signed
        and witness.is_needed(partial(get, document))
    ]
