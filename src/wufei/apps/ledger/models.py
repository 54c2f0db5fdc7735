"""The ledger's tables: holders, accounts with their balance, movements, links of the chain, daily flows, checkpoints.

Invariant: for each account, the balance = the sum of its movements, of its daily flows, of its yearly changes;
triggers refuse to change or delete a movement, batch, link, checkpoint or period close (``guards.py``). Only
``engines`` writes here, in raw SQL.
"""

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

from wufei.core.ledger import HELD


class NumberKey(models.BigIntegerField):  # type: ignore[type-arg]
    """A 64-bit key that the posting engine gives itself. On SQLite only ``integer`` becomes the row's own address."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)


class HolderRecord(models.Model):
    """Who can hold accounts: a site, a vehicle, a boundary; with the head of its chain."""

    key = models.CharField(max_length=80, unique=True)
    division = models.CharField(max_length=12, db_index=True)
    category = models.CharField(max_length=40, db_index=True)
    name = models.CharField(max_length=120)
    is_simulated = models.BooleanField(default=False)
    closed_through = models.IntegerField(null=True)  # YYYYMMDD, last day of the last closed period
    head = models.BinaryField(null=True)  # 32 bytes; null before the first movement
    links = models.IntegerField(default=0)
    stated = models.BinaryField(null=True)  # digest over key, division, category, name, is_simulated

    class Meta:
        db_table = "ledger_holder"
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class AccountRecord(models.Model):
    """Holder × waste code × bucket × method, with what it holds."""

    holder = models.ForeignKey(HolderRecord, models.PROTECT, related_name="accounts")
    waste_code = models.CharField(max_length=20)
    bucket = models.CharField(max_length=12)
    method = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=160, unique=True)  # holder|code|bucket|method: what the digests cover
    balance_g = models.BigIntegerField(default=0)

    class Meta:
        db_table = "ledger_account"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="ledger_nothing_held_below_zero",
                condition=Q(balance_g__gte=0) | ~Q(bucket__in=sorted(bucket.value for bucket in HELD)),
            )
        ]

    def __str__(self) -> str:
        return self.name


class BatchRecord(models.Model):
    """What was booked together: movements ``id * 2**24`` and on, ``movements`` of them."""

    id = NumberKey(primary_key=True)
    recorded_us = models.BigIntegerField()  # microseconds since 1970-01-01T00:00Z
    actor = models.CharField(max_length=150)
    movements = models.IntegerField()

    class Meta:
        db_table = "ledger_batch"

    def __str__(self) -> str:
        return str(self.id)


class MovementRecord(models.Model):
    """One movement. Few indexes on purpose: each costs a third of the speed; lists walk the links of a holder."""

    id = NumberKey(primary_key=True)  # batch * 2**24 + place in the batch
    source_id = models.BigIntegerField()  # no foreign key constraint: verify walks them all
    target_id = models.BigIntegerField()
    mass_g = models.BigIntegerField()
    occurred_us = models.BigIntegerField()  # as claimed
    day = (
        models.IntegerField()
    )  # YYYYMMDD in Asia/Shanghai, as booked (later than claimed when the period was closed)
    kind = models.CharField(max_length=20)
    document = models.CharField(max_length=200)
    key = models.CharField(max_length=200, unique=True)
    count = models.BigIntegerField(null=True)
    package = models.CharField(max_length=200)
    basis = models.CharField(max_length=20)
    basis_ref = models.CharField(max_length=200)
    uncertainty_ppm = models.BigIntegerField(null=True)
    reverses = models.CharField(max_length=200)
    reason = models.CharField(max_length=200)
    digest = models.BinaryField()

    class Meta:
        db_table = "ledger_movement"
        constraints = [
            models.CheckConstraint(name="ledger_mass_positive", condition=Q(mass_g__gt=0)),
            models.UniqueConstraint(name="ledger_reversed_once", fields=["reverses"], condition=~Q(reverses="")),
        ]
        indexes = [models.Index(name="ledger_package", fields=["package"], condition=~Q(package=""))]

    def __str__(self) -> str:
        return self.key


class LinkRecord(models.Model):
    """What one batch added to one holder's chain; ``members`` are the places in the batch, uint32 little-endian."""

    pk = models.CompositePrimaryKey("batch_id", "holder_id")
    batch_id = models.BigIntegerField()
    holder_id = models.BigIntegerField()
    seq = models.IntegerField()  # 1 for the holder's first link
    digest = models.BinaryField()
    head = models.BinaryField()
    members = models.BinaryField()

    class Meta:
        db_table = "ledger_link"
        indexes = [models.Index(name="ledger_link_of_holder", fields=["holder_id", "batch_id"])]

    def __str__(self) -> str:
        return f"{self.holder_id} {self.seq}"


class FlowRecord(models.Model):
    """Sums of a day per source, target and kind: what pages read in place of history."""

    pk = models.CompositePrimaryKey("day", "source_id", "target_id", "kind")
    day = models.IntegerField()  # YYYYMMDD as booked
    source_id = models.BigIntegerField()
    target_id = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    mass_g = models.BigIntegerField()
    count = models.BigIntegerField()
    movements = models.BigIntegerField()

    class Meta:
        db_table = "ledger_flow"

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class YearChangeRecord(models.Model):
    """What one year changed in an account that holds mass: what a year opens with is the sum of those before it."""

    pk = models.CompositePrimaryKey("year", "account_id")
    year = models.IntegerField()  # of the day as booked
    account_id = models.BigIntegerField()  # stored or in transit
    change_g = models.BigIntegerField()

    class Meta:
        db_table = "ledger_year_change"

    def __str__(self) -> str:
        return f"{self.year} {self.account_id}"


class PeriodCloseRecord(models.Model):
    """A holder's books were closed through a day (结账)."""

    holder = models.ForeignKey(HolderRecord, models.PROTECT, related_name="closes")
    through = models.IntegerField()  # YYYYMMDD
    closed_at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    class Meta:
        db_table = "ledger_period_close"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.holder_id} {self.through}"


class CheckpointRecord(models.Model):
    """A signed root over the heads of all holders."""

    id = NumberKey(primary_key=True)  # 1, 2, 3 …
    at = models.CharField(max_length=40)  # ISO 8601 as signed
    upto_batch = models.BigIntegerField()
    holders = models.IntegerField()
    root = models.BinaryField()
    previous = models.BinaryField()
    signature = models.BinaryField()
    public_key = models.BinaryField()

    class Meta:
        db_table = "ledger_checkpoint"

    def __str__(self) -> str:
        return str(self.id)
