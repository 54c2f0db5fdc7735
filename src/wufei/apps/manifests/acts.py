"""Who does what, when: what every write of a manifest is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wufei.apps.registry.models import User
from wufei.apps.signatures.services import DeviceSignature, Part


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, when: three times kept apart, and what the act is known by.

    Attributes:
        claimed_at: when the person says it happened; ``device_at`` what the device's clock said; ``server_at`` ours.
        key: idempotency key of whoever hands it in; empty where none.
        slot: the slot for which the person acts; empty where the event leaves only one.
        external: name and evidence of a party that signed by a one-time code; then ``person`` is the host.
        device_signature: made on the person's device over the statement of the signature.
        differences: on a page, ``mark_of`` the major differences that the person was shown and has confirmed.
        to_sign: where given, takes what is to be signed, and whoever gave it signs all of it in one (a round).
    """

    person: User
    claimed_at: datetime
    server_at: datetime
    device_at: datetime | None = None
    key: str = ""
    slot: str = ""
    external: Mapping[str, Any] = field(default_factory=dict)
    device_signature: DeviceSignature | None = None
    to_sign: list[Part] | None = None
    differences: str | None = None

    @property
    def actor(self) -> str:
        """The name in the fact log."""
        return self.person.username
