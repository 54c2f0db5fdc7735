"""Reading the personal data behind a signature: allowed to few, and told in the log each time."""

from datetime import datetime

from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import User
from wufei.apps.signatures.models import Signature

LABELS = {"address": "网络地址", "agent": "浏览器", "host": "出示签名码的账号", "screen": "在谁的屏幕上签"}
SCREENS = {"host": "出示方的屏幕", "own": "签名人自己的设备"}


@transaction.atomic
def reveal_evidence(row: Signature, *, by: User, at: datetime) -> tuple[tuple[str, str], ...]:
    """The evidence of a signature in full, label and text."""
    record_fact(
        at=at,
        actor=by.username,
        verb="reveal_evidence",
        subject=row.subject,
        division=row.division,
        document=f"signature:{row.pk}",
    )
    shown = {name: str(row.evidence.get(name, "")) for name in LABELS}
    shown["screen"] = SCREENS.get(shown["screen"], shown["screen"])
    return tuple((label, shown[name]) for name, label in LABELS.items() if shown[name])
