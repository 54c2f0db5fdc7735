"""Who takes part in a manifest: the sites and firms that its document names, and who may act for which slot.

Invariant: for a party outside the region the party inside acts; everyone else acts for their own firm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wufei.apps.manifests.models import Manifest
from wufei.apps.registry.models import Organisation, Site
from wufei.core.divisions import place_of, prefix_of
from wufei.core.findings import Finding
from wufei.core.manifest_booking import Ends
from wufei.core.manifest_profiles import manifest_profiles


@dataclass(frozen=True, slots=True)
class Parties:
    """The two ends (``None`` where outside the region), the carriers in turn, the insurer of dead livestock."""

    generator: Site | None
    receiver: Site | None
    carriers: tuple[Organisation, ...]
    insurer: Organisation | None = None

    def inner(self) -> Site:
        """The end inside the region; the sender where both are."""
        site = self.generator or self.receiver
        assert site is not None
        return site

    def organisations_of(self, slot: str) -> frozenset[int]:
        """Ids of the firms that may act for a slot."""
        name, _, position = slot.partition(":")
        if name == "carrier":
            index = int(position or 1) - 1
            return frozenset({self.carriers[index].pk}) if index < len(self.carriers) else frozenset()
        if name == "insurer":
            return frozenset({self.insurer.pk}) if self.insurer else frozenset()
        own, other = (self.generator, self.receiver) if name == "generator" else (self.receiver, self.generator)
        site = own or other
        return frozenset({site.organisation_id}) if site else frozenset()

    def organisation_for(self, slot: str, organisation_id: int | None) -> Organisation | None:
        """The firm for which somebody acts in a slot: their own where it holds the slot, else the one that does."""
        ends = [site.organisation for site in (self.generator, self.receiver) if site]
        firms = {firm.pk: firm for firm in (*ends, *self.carriers, *([self.insurer] if self.insurer else []))}
        able = self.organisations_of(slot)
        chosen = organisation_id if organisation_id in able else min(able, default=None)
        return firms.get(chosen) if chosen is not None else None

    def organisations(self) -> frozenset[int]:
        """Ids of all firms that take part."""
        ends = {site.organisation_id for site in (self.generator, self.receiver) if site}
        return frozenset(ends | {c.pk for c in self.carriers} | ({self.insurer.pk} if self.insurer else set()))

    def names_by_code(self) -> dict[str, str]:
        """What sites and firms are called, by the code that the document names them with."""
        sites = {site.code: site.name for site in (self.generator, self.receiver) if site}
        firms = (*self.carriers, *([self.insurer] if self.insurer else []))
        return sites | {str(firm.credit_code): firm.name for firm in firms}

    def ends(self, *, from_stock: bool) -> Ends:
        """The holders of the ledger at both ends."""
        boundary = f"boundary:{place_of(self.inner().division_id)}"
        return Ends(
            f"site:{self.generator.code}" if self.generator else boundary,
            f"site:{self.receiver.code}" if self.receiver else boundary,
            from_stock,
        )

    def names(self, document: Mapping[str, Any]) -> tuple[str, str]:
        """What the two ends are called in lists."""
        sender = self.generator.name if self.generator else str(document.get("generator", {}).get("outside", ""))
        taker = self.receiver.name if self.receiver else str(document.get("receiver", {}).get("outside", ""))
        return sender[:120], taker[:120]


def named(document: Mapping[str, Any]) -> tuple[Any, ...]:
    """The codes by which a document names its parties: where they are the same, so are the parties."""
    ends = [(document.get(end) or {}).get("site") for end in ("generator", "receiver")]
    carriers = [carrier.get("organisation") for carrier in document.get("carriers") or []]
    return (*ends, (document.get("livestock") or {}).get("insurer"), *carriers)


def ends_of(manifest: Manifest) -> list[Site]:
    """The two ends of a stored manifest inside the region; none is read again that was joined."""
    return [site for site in (manifest.generator_site, manifest.receiver_site) if site is not None]


def resolve(document: Mapping[str, Any], read: Sequence[Site] = ()) -> tuple[Parties, list[Finding]]:
    """The parties that a document names, and a finding for each that the registry does not know; two queries.

    ``read`` are sites, with their organisations, that the caller has read already: then it is one query.
    """
    return resolve_many([document], read)[0]


def resolve_many(
    documents: Sequence[Mapping[str, Any]], read: Sequence[Site] = ()
) -> list[tuple[Parties, list[Finding]]]:
    """What ``resolve`` says of each document; two queries, however many there are."""
    sites = {site.code: site for site in read}
    missing = {code for document in documents for code in _site_codes(document).values()} - set(sites)
    if missing:
        rows = Site.objects.filter(code__in=missing).select_related("organisation", "division")
        sites |= {site.code: site for site in rows}
    firms = _organisations(code for document in documents for code in _firm_codes(document).values() if code)
    return [_resolved(document, sites, firms) for document in documents]


def _site_codes(document: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"/{end}/site": code for end in ("generator", "receiver") if (code := (document.get(end) or {}).get("site"))
    }


def _firm_codes(document: Mapping[str, Any]) -> dict[str, str | None]:
    carriers = enumerate(document.get("carriers") or [])
    wanted = {f"/carriers/{i}/organisation": carrier.get("organisation") for i, carrier in carriers}
    return wanted | {"/livestock/insurer": (document.get("livestock") or {}).get("insurer")}


def _resolved(
    document: Mapping[str, Any], sites: Mapping[str, Site], known: Mapping[str, Organisation]
) -> tuple[Parties, list[Finding]]:
    found = [
        _unknown(pointer, f"没有登记编号为“{code}”的场所。")
        for pointer, code in _site_codes(document).items()
        if code not in sites
    ]
    wanted = _firm_codes(document)
    found += [
        _unknown(pointer, f"没有登记统一社会信用代码为“{code}”的单位。")
        for pointer, code in wanted.items()
        if code and code not in known
    ]
    insurer_code = wanted.pop("/livestock/insurer")
    carriers = tuple(known[code] for code in wanted.values() if code is not None and code in known)
    ends = [sites.get((document.get(end) or {}).get("site", "")) for end in ("generator", "receiver")]
    if not any(ends) and not found:
        what = "移出和接受单位都不在本区域。"
        found.append(Finding(None, "/generator/site", what, "至少一端填写已登记的场所编号。", "no_end_here"))
    return Parties(ends[0], ends[1], carriers, known.get(insurer_code) if insurer_code else None), found


def _organisations(codes: Iterable[str]) -> dict[str, Organisation]:
    rows = Organisation.objects.filter(credit_code__in=set(codes))
    return {row.credit_code: row for row in rows if row.credit_code}


def _unknown(pointer: str, what: str) -> Finding:
    return Finding(None, pointer, what, "请核对后重填，或先到“登记”里登记。", "unknown_party")


def draft_scopes(parties: Parties, organisation_id: int | None) -> set[str]:
    """Who sees a draft: the firm that writes it and the one it is written for."""
    ids = {*parties.organisations_of("generator"), *([organisation_id] if organisation_id else [])}
    return {f"org:{pk}" for pk in ids}


def scopes(parties: Parties, domain: str) -> set[str]:
    """Who sees a submitted manifest: all its firms, and the divisions of both ends with their duties."""
    found = {f"org:{pk}" for pk in parties.organisations()}
    for site in (parties.generator, parties.receiver):
        if site is not None:
            found |= division_scopes(site.division_id, domain)
    return found


def division_scopes(division: str, domain: str) -> set[str]:
    """The offices at and above a division, and there the departments whose duty is the domain."""
    levels = [prefix for length in (2, 4, 6, 9, 12) if len(prefix := prefix_of(division)[:length]) == length]
    return {f"div:{prefix}" for prefix in levels} | {
        f"div:{prefix}/{domain}" for prefix in levels if len(prefix) <= 6
    }


def may_write(parties: Parties, profile: str, organisation_id: int | None) -> bool:
    """Whether a firm may draw up a manifest: the sender; on rounds the carrier too."""
    if organisation_id is None:
        return False
    if organisation_id in parties.organisations_of("generator"):
        return True
    return manifest_profiles()[profile].is_round and organisation_id in {c.pk for c in parties.carriers}
