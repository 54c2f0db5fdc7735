"""Phones in the field: devices, the events that they sent, what became of each, number blocks, photos.

Invariant: ``FieldEvent`` keeps the very text that a phone signed, once, and is never changed; what was made of it
stands beside it in ``FieldOutcome``. For each number of a block at most one use counts.
"""

from django.db import models
from django.db.models import Q

from wufei.core.field_events import EVENT_NAMES
from wufei.core.ledger import SHANGHAI
from wufei.core.number_block import FATE_NAMES, Block


class FieldDevice(models.Model):
    """A phone of one person, known by the public half of a key that cannot leave it.

    It stays for ever; whether it still counts is said by its key (``signatures.SigningKey.revoked_at``).
    """

    code = models.CharField(max_length=16, unique=True)
    user = models.ForeignKey("registry.User", models.PROTECT, related_name="field_devices")
    organisation = models.ForeignKey("registry.Organisation", models.PROTECT, related_name="field_devices")
    name = models.CharField(max_length=60)
    key = models.OneToOneField("signatures.SigningKey", models.PROTECT, related_name="field_device")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    seq = models.IntegerField(default=0)  # end of the stored line
    head = models.CharField(max_length=64)  # digest of the event there
    is_forked = models.BooleanField(default=False)  # a second line came under the same key

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


class FieldEvent(models.Model):
    """One act on a phone as it was sent. Append only."""

    device = models.ForeignKey(FieldDevice, models.PROTECT, related_name="events")
    seq = models.IntegerField()
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    key = models.CharField(max_length=36)
    type = models.CharField(max_length=64)  # what a phone wrote; core.field_events knows the types
    device_at = models.DateTimeField()
    body = models.TextField()
    signature = models.CharField(max_length=128)  # hex
    received_at = models.DateTimeField()
    is_fork = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="field_event_once", fields=["device", "digest"]),
            models.UniqueConstraint(name="field_line_once", fields=["device", "seq"], condition=Q(is_fork=False)),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} {self.seq} {self.type}"

    @property
    def type_name(self) -> str:
        """The type in Chinese."""
        return {kind.value: name for kind, name in EVENT_NAMES.items()}.get(self.type, self.type)


class State(models.TextChoices):
    """What became of an event."""

    RECEIVED = "received", "已收到"
    APPLIED = "applied", "已入账"
    WAITING = "waiting", "等待前一步"
    REFUSED = "refused", "待处理"
    CONFLICT = "conflict", "号码冲突"
    SET_ASIDE = "set_aside", "已搁置"


OPEN_STATES = (State.WAITING, State.REFUSED, State.CONFLICT)


class FieldOutcome(models.Model):
    """What was made of an event, and who settled it where a rule stood against it."""

    event = models.OneToOneField(FieldEvent, models.PROTECT, primary_key=True, related_name="outcome")
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    findings = models.JSONField(default=list)
    number = models.CharField(max_length=24, blank=True, db_index=True)  # of the manifest that it made or moved
    claimed_number = models.CharField(max_length=24, blank=True)  # what the phone had given, where another was taken
    judged_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                name="field_outcome_open",
                fields=["event"],
                condition=Q(state__in=["received", "waiting", "refused", "conflict"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.state}"


class NumberBlock(models.Model):
    """Numbers ``first`` to ``last`` of a series, given to a device and signed."""

    device = models.ForeignKey(FieldDevice, models.PROTECT, related_name="blocks")
    series = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=20)
    digits = models.PositiveSmallIntegerField()
    first = models.IntegerField()
    last = models.IntegerField()
    issued_at = models.DateTimeField()  # whole seconds, as signed
    expires_at = models.DateTimeField()
    signature = models.CharField(max_length=128)  # hex
    public_key = models.CharField(max_length=64)  # hex
    closed_at = models.DateTimeField(null=True)
    proof = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="number_block_once", fields=["key", "first"]),
            models.CheckConstraint(name="number_block_in_order", condition=Q(first__lte=models.F("last"))),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.first}–{self.last}"


class NumberUse(models.Model):
    """One report about a number of a block. Append only; the first that came counts."""

    block = models.ForeignKey(NumberBlock, models.PROTECT, related_name="uses")
    serial = models.IntegerField()
    fate = models.CharField(max_length=10, choices=[(fate.value, name) for fate, name in FATE_NAMES.items()])
    evidence = models.CharField(max_length=80)  # digest of the event, or fact:<id>
    reason = models.CharField(max_length=200, blank=True)
    counts = models.BooleanField(default=True)
    settled = models.BooleanField(default=False)  # a later use that got a number of its own

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="number_use_told_once", fields=["block", "serial", "evidence"]),
            models.UniqueConstraint(name="number_used_once", fields=["block", "serial"], condition=Q(counts=True)),
        ]

    def __str__(self) -> str:
        return f"{self.block_id} {self.serial} {self.fate}"


class HandlerCode(models.Model):
    """Lets a generator's handler sign once on the screen of a phone without signal: given out beforehand.

    Only its digest is kept; the phone sends what was typed, and the server compares when it syncs.
    """

    organisation = models.ForeignKey("registry.Organisation", models.PROTECT, related_name="handler_codes")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    issued_by = models.ForeignKey("registry.User", models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(FieldEvent, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class FieldPhoto(models.Model):
    """A picture that an event names by its digest; it travels on its own, in parts."""

    event = models.ForeignKey(FieldEvent, models.PROTECT, related_name="photos")
    digest = models.CharField(max_length=64, db_index=True)
    size = models.IntegerField(null=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="field_photo_once", fields=["event", "digest"])]

    def __str__(self) -> str:
        return self.digest


def block_of(record: NumberBlock) -> Block:
    """The block as the core and the signature know it."""
    return Block(
        key=record.key,
        digits=record.digits,
        first=record.first,
        last=record.last,
        device=record.device.code,
        issued_at=record.issued_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        expires_at=record.expires_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
    )
