"""The receipt of a manifest: what became of each waste, what is wrong with it, and whose signature it still lacks.

Invariant: a receipt has one line for each waste, in their order.
"""

from collections.abc import Collection, Mapping
from typing import Any

from wufei.core.findings import Finding
from wufei.core.manifest import Event, Outcome
from wufei.core.manifest_document import get
from wufei.core.manifest_profiles import manifest_profiles


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
        and (not witness.when or get(document, witness.when) is not None)
    ]
