"""Writes of the registry."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Permit, PermitUse, TransportPerson, User, Vehicle
from wufei.apps.registry.reference import load_reference
from wufei.core.findings import Finding, Refused

__all__ = ["load_reference", "reveal", "use_permit"]


@transaction.atomic
def use_permit(*, permit_id: int, year: int, mass_g: int, actor: str, at: datetime, waste_code: str = "") -> int:
    """Book grams on the year of a permit and return what remains, below 0 when it is overrun: a fact, not refused.

    A negative ``mass_g`` gives back, as when a manifest is void. The permit's row is locked, so that two at once
    are both counted. Raises ``Refused`` where more would be given back than was used.
    """
    permit = Permit.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=permit_id)
    PermitUse.objects.get_or_create(permit=permit, year=year, waste_code=waste_code)
    this = PermitUse.objects.filter(permit=permit, year=year, waste_code=waste_code)
    if not this.filter(used_g__gte=-mass_g).update(used_g=F("used_g") + mass_g):
        what = f"许可证 {permit.number} {year} 年 {waste_code} 的已用量不足 {-mass_g} 克，不能退回。"
        raise Refused([Finding(None, "许可证", what, "请核对要退回的联单。", "permit_use_below_zero")])
    used_g: int = PermitUse.objects.filter(permit=permit, year=year).aggregate(sum=Sum("used_g"))["sum"]
    record_fact(
        at=at,
        actor=actor,
        verb="use_permit",
        subject=f"permit:{permit.pk}",
        division=permit.organisation.division_id,
        after={"year": year, "waste_code": waste_code, "mass_g": mass_g, "used_g": used_g},
    )
    return int(permit.capacity_t_per_year * 1_000_000) - used_g


@transaction.atomic
def reveal(*, row: TransportPerson | Vehicle, user: User, at: datetime) -> str:
    """The certificate number or plate in full; that it was read is a fact."""
    kind = "person" if isinstance(row, TransportPerson) else "vehicle"
    record_fact(
        at=at,
        actor=user.username,
        verb="read_personal_data",
        subject=f"{kind}:{row.pk}",
        division=row.organisation.division_id,
    )
    return row.certificate if isinstance(row, TransportPerson) else row.plate
