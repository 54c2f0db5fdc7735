"""The figures that places report: one value of one data element, scope and period, with its whole story.

Invariant: a figure is never overwritten. A restatement is a new row, and the old one names it in ``superseded_by``;
of a division, element, scope and period at most one approved row is current.
"""

from django.db import models
from django.db.models import F, Q

from wufei.apps.registry.models import Division


class ValueStatus(models.TextChoices):
    """The life of a reported figure."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "已报送"
    APPROVED = "approved", "已审核"
    RETURNED = "returned", "已退回"


class ElementValue(models.Model):
    """One figure (数据). ``value`` is in the element's own unit; ``unit`` and ``printed`` are as the source has them.

    ``state`` keeps blank, slash, "not applicable" and numbers (0 is one) apart. ``from_pack`` marks figures that came
    with a plan pack; their ``source`` is the place in the document.
    """

    division = models.ForeignKey(Division, models.PROTECT, related_name="element_values")
    element = models.CharField(max_length=80)  # an id of data_elements.csv, or indicator:<id>
    scope = models.CharField(max_length=60, blank=True)
    period = models.CharField(max_length=7)  # 2022 or 2022-03
    value = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    state = models.CharField(max_length=14)
    unit = models.CharField(max_length=20, blank=True)
    printed = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=500, blank=True)
    evidence = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=ValueStatus.choices)
    origin = models.CharField(max_length=10, default="reported")
    from_pack = models.BooleanField(default=False)
    is_simulated = models.BooleanField(default=False)
    reporter = models.CharField(max_length=150)
    reported_at = models.DateTimeField()
    approver = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    superseded_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="supersedes")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["division", "element", "scope", "period"], name="element_value_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["division", "element", "scope", "period"],
                condition=Q(status="approved", superseded_by__isnull=True),
                name="one_current_value",
            ),
            models.CheckConstraint(
                condition=Q(state="number", value__isnull=False)
                | Q(state__in=["blank", "slash", "not_applicable"], value__isnull=True),
                name="value_where_number",
            ),
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True) | ~Q(superseded_by=F("id")), name="not_its_own_successor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.division_id} {self.element} {self.period}"
