"""Changes to signed documents (更正) and corrections that an office asks for (更正要求).

Invariant: an amendment that is closed never changes, each slot answers once, and what is agreed is applied once
(``applied_version``). The rules are in ``core.amendment``; this is what of it is kept.
"""

from django.db import models
from django.db.models import Q

from wufei.apps.registry.models import Department, Organisation, User
from wufei.apps.signatures.models import EvidenceFile
from wufei.core.amendment import STATE_NAMES, State


class AmendmentRecord(models.Model):
    """One request to change a document, against the version that the asker saw."""

    subject = models.CharField(max_length=120, db_index=True)
    title = models.CharField(max_length=200)
    profile = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField()
    division = models.CharField(max_length=12, blank=True)
    slot = models.CharField(max_length=40)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="amendments")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="amendments")
    changes = models.JSONField()
    reason = models.CharField(max_length=500, blank=True)
    evidence = models.ForeignKey(EvidenceFile, models.PROTECT, null=True, related_name="amendments")
    effects = models.JSONField(default=dict)  # what it would do, as tried when it was asked: ``trial.Effects``
    on_silence = models.CharField(max_length=10)
    status = models.CharField(max_length=20, choices=[(state.value, name) for state, name in STATE_NAMES.items()])
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    closed_at = models.DateTimeField(null=True)
    applied_version = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None) ^ ~Q(status__in=[State.OPEN, State.ESCALATED]),
                name="amendment_closed_when_decided",
            ),
            models.CheckConstraint(
                condition=Q(applied_version=None) | Q(status__in=[State.AGREED, State.TACITLY_AGREED]),
                name="amendment_applied_when_agreed",
            ),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="amendment_in_turn")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.subject} {self.status}"


class AmendmentParty(models.Model):
    """A slot of the document as it was when the change was asked: who must agree, and the one answer."""

    amendment = models.ForeignKey(AmendmentRecord, models.PROTECT, related_name="parties")
    slot = models.CharField(max_length=40)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")  # None: the office
    must_agree = models.BooleanField()
    answer = models.CharField(max_length=10, blank=True)  # agree, reject
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    comment = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["amendment", "slot"], name="amendment_slot_once"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | Q(must_agree=True, answered_by__isnull=False, answered_at__isnull=False) & ~Q(answer=""),
                name="amendment_answer_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "amendment"],
                condition=Q(must_agree=True, answer=""),
                name="amendment_waiting",
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.amendment_id} {self.slot}"


class RequestStatus(models.TextChoices):
    """Where a correction request stands."""

    OPEN = "open", "等待更正"
    ANSWERED = "answered", "已答复，待核"
    DONE = "done", "已完成"
    OVERDUE = "overdue", "逾期未答复"
    WITHDRAWN = "withdrawn", "已撤回"


class CorrectionRequest(models.Model):
    """An office asks a firm to correct places of a document by a day; ``items`` are pointers with comments."""

    subject = models.CharField(max_length=120, db_index=True)
    title = models.CharField(max_length=200)
    division = models.CharField(max_length=12, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="correction_requests")
    items = models.JSONField()
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="correction_requests")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="correction_requests")
    status = models.CharField(max_length=10, choices=RequestStatus.choices, default=RequestStatus.OPEN)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    answer = models.CharField(max_length=500, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["created_at", "id"], name="correction_in_turn")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.subject} {self.status}"
