"""Weighing tickets (磅单) and the files that brought them.

Invariant: of one number, on one scale of one site, at most one ticket is in force; what is undone stays, marked.
"""

from django.db import models
from django.db.models import Q

from wufei.core.weighing import DIRECTION_NAMES, OUTCOME_NAMES


class ImportState(models.TextChoices):
    """Where an import stands."""

    CHECKED = "checked", "已检查，未入账"
    BOOKED = "booked", "已入账"
    UNDONE = "undone", "已撤销"


class TicketImport(models.Model):
    """One file of tickets of one site (磅单导入): who handed it in, what it brought, and whether it was undone."""

    site = models.ForeignKey("registry.Site", models.PROTECT, related_name="ticket_imports")
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)  # SHA-256 of the file
    defaults = models.JSONField(default=dict)  # device, direction, unit and source where the sheet names none
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.CHECKED)
    tickets = models.PositiveIntegerField(default=0)  # that this import brought
    already = models.PositiveIntegerField(default=0)  # that had been brought before
    movements = models.PositiveIntegerField(default=0)  # that it booked
    net_g = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    booked_at = models.DateTimeField(null=True)
    booked_by = models.CharField(max_length=150, blank=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="ticket_import_undone_with_reason",
                condition=~Q(state=ImportState.UNDONE) | ~Q(reason="") & Q(undone_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["site", "digest"], name="ticket_import_of_file")]

    def __str__(self) -> str:
        return self.file_name


class TicketFile(models.Model):
    """The bytes of an import as they were handed in: the evidence behind its tickets."""

    ticket_import = models.OneToOneField(TicketImport, models.CASCADE, related_name="file", primary_key=True)
    content = models.BinaryField()

    def __str__(self) -> str:
        return str(self.pk)


class WeighingRecord(models.Model):
    """One ticket as it was recorded; the attributes are told in ``core.weighing.Weighing``."""

    site = models.ForeignKey("registry.Site", models.PROTECT, related_name="weighings")
    device = models.CharField(max_length=40, blank=True)
    ticket = models.CharField(max_length=60)
    direction = models.CharField(max_length=3, choices=tuple(DIRECTION_NAMES.items()))
    waste_code = models.CharField(max_length=20, db_index=True)
    net_g = models.BigIntegerField()
    gross_g = models.BigIntegerField(null=True)
    tare_g = models.BigIntegerField(null=True)
    weighed_at = models.DateTimeField()
    plate = models.CharField(max_length=12, blank=True, db_index=True)
    source = models.CharField(max_length=80, blank=True)  # a holder of the ledger: site:… or boundary:…
    source_site = models.ForeignKey("registry.Site", models.PROTECT, null=True, related_name="weighings_elsewhere")
    manifest = models.CharField(max_length=60, blank=True)
    package = models.CharField(max_length=80, blank=True)
    count = models.BigIntegerField(null=True)
    photo_digest = models.CharField(max_length=64, blank=True)
    basis = models.CharField(max_length=20, default="weighed")
    uncertainty_ppm = models.BigIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=10, choices=tuple(OUTCOME_NAMES.items()))
    content = models.CharField(max_length=64)  # digest over what the ticket says
    revision = models.PositiveIntegerField(default=0)  # how many of this number were undone before it
    is_undone = models.BooleanField(default=False)
    ticket_import = models.ForeignKey(TicketImport, models.PROTECT, null=True, related_name="weighings")
    line = models.PositiveIntegerField(null=True)  # of the file
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    class Meta:
        db_table = "weighings_weighing"
        ordering = ["-weighed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "ticket", "device"], condition=Q(is_undone=False), name="weighing_number_once"
            ),
            models.CheckConstraint(condition=Q(net_g__gt=0), name="weighing_net_positive"),
        ]
        indexes = [
            models.Index(fields=["weighed_at", "id"], name="weighing_by_time"),
            models.Index(fields=["site", "weighed_at", "id"], name="weighing_of_site"),
            models.Index(fields=["manifest"], condition=~Q(manifest=""), name="weighing_of_manifest"),
        ]

    def __str__(self) -> str:
        return self.ticket
