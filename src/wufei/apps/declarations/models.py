"""What a generator declares: management plans, the record book, periodic declarations, contracts, handling plans.

Invariant: what was filed, booked or confirmed is never edited; a change is a new version, a mistake a reversal.
"""

from django.db import models
from django.db.models import Q

from wufei.apps.registry.models import Organisation, Site
from wufei.core.management_plan import Grade, PlanStatus


class Counter(models.Model):
    """The last number given in a series: plan numbers of a place and year, batch numbers of a site and day."""

    series = models.CharField(max_length=120, unique=True)
    last = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.series} {self.last}"


class ManagementPlan(models.Model):
    """One version of the yearly management plan of a site (危险废物管理计划)."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="management_plans")
    year = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in PlanStatus])
    grade = models.CharField(max_length=12, choices=[(g.value, g.value) for g in Grade])
    number = models.CharField(max_length=40, blank=True, db_index=True)  # 备案号, given when filed
    content = models.JSONField(default=dict)  # table id -> rows
    reason = models.CharField(max_length=200, blank=True)  # why this version replaces the one before
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    filed_at = models.DateTimeField(null=True)
    filed_by = models.CharField(max_length=150, blank=True)
    is_late = models.BooleanField(default=False)
    returned_at = models.DateTimeField(null=True)
    returned_by = models.CharField(max_length=150, blank=True)
    return_reason = models.CharField(max_length=200, blank=True)
    replaced_on = models.DateField(null=True)  # the day from which a later version holds

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["site", "year", "version"], name="plan_version_once"),
            models.UniqueConstraint(
                fields=["site", "year"], condition=Q(status="filed"), name="plan_filed_once_a_year"
            ),
            models.UniqueConstraint(
                fields=["site", "year"], condition=Q(status="draft"), name="plan_drafted_once_a_year"
            ),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="plan_number_once"),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.site_id} {self.year} v{self.version}"


class PlanTransfer(models.Model):
    """One row of table A.7 of a filed version: how much of a waste may go to whom in the year."""

    plan = models.ForeignKey(ManagementPlan, models.CASCADE, related_name="transfers")
    row = models.PositiveSmallIntegerField()
    waste_code = models.CharField(max_length=20)
    receiver = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="planned_transfers")
    receiver_name = models.CharField(max_length=200)
    method = models.CharField(max_length=20)
    planned_mass_g = models.BigIntegerField()

    class Meta:
        ordering = ["plan_id", "row"]
        constraints = [models.UniqueConstraint(fields=["plan", "row"], name="plan_transfer_row_once")]

    def __str__(self) -> str:
        return f"{self.waste_code} {self.receiver_name}"


class PlanUse(models.Model):
    """What a site has used of its plan in a year, by waste and receiver: it outlives the versions of the plan."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="plan_uses")
    year = models.PositiveSmallIntegerField()
    waste_code = models.CharField(max_length=20)
    receiver_key = models.CharField(max_length=210)  # "organisation:<id>" or "name:<name>"
    used_g = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "year", "waste_code", "receiver_key"], name="plan_use_once"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.year} {self.waste_code} {self.receiver_key}"


class EntryStatus(models.TextChoices):
    """Where an entry of a record book stands."""

    BOOKED = "booked", "有效"
    REVERSED = "reversed", "已冲销"
    REVERSAL = "reversal", "冲销"


class BookImport(models.Model):
    """A file of entries that was booked (台账导入); ``digest`` is of what its rows say, however it was saved."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    table = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    rows = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)

    class Meta:
        indexes = [models.Index(fields=["site", "digest"], name="book_import_of_file")]

    def __str__(self) -> str:
        return self.name


class BookEntry(models.Model):
    """One row of a table of a site's record book (管理台账). Never edited: a mistake is reversed and entered anew."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="book_entries")
    table = models.CharField(max_length=40)
    batch_no = models.CharField(max_length=40, db_index=True)  # HWCS20211031001; unique within the site
    occurred_at = models.DateTimeField()
    waste_code = models.CharField(max_length=20, blank=True)
    mass_g = models.BigIntegerField(default=0)
    count = models.BigIntegerField(null=True)
    method = models.CharField(max_length=20, blank=True)
    manifest_number = models.CharField(max_length=200, blank=True, db_index=True)
    package_codes = models.JSONField(default=list)
    sources = models.JSONField(default=list)  # batch numbers that this one takes from
    content = models.JSONField(default=dict)  # every field as it was read
    postings = models.JSONField(default=list)  # the movements it posted
    alerts = models.JSONField(default=list)  # what is to be looked at: code, what, remedy
    key = models.CharField(max_length=200, blank=True)  # of what was handed in: with it, it is booked once
    digest = models.CharField(max_length=64, blank=True)  # of the cells that came with the key
    file = models.ForeignKey(BookImport, models.PROTECT, null=True, related_name="entries")
    status = models.CharField(max_length=10, choices=EntryStatus.choices, default=EntryStatus.BOOKED)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    reason = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["site", "batch_no"], name="batch_once_a_site"),
            models.UniqueConstraint(fields=["site", "key"], condition=~Q(key=""), name="book_key_once_a_site"),
        ]
        indexes = [
            models.Index(fields=["site", "occurred_at"], name="book_of_site"),
            models.Index(fields=["occurred_at"], name="book_by_time"),
        ]

    def __str__(self) -> str:
        return self.batch_no


class BookLink(models.Model):
    """A movement that another document booked and an entry stands for: it is not booked again.

    ``role`` is that of the entry's table: a movement has one live entry of a role (出库 and 委外 are two).
    """

    entry = models.ForeignKey(BookEntry, models.PROTECT, related_name="links")
    role = models.CharField(max_length=12)
    key = models.CharField(max_length=200)  # of the movement
    document = models.CharField(max_length=200)
    package = models.CharField(max_length=200, blank=True)
    mass_g = models.BigIntegerField()
    is_live = models.BooleanField(default=True)  # until its entry is reversed

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["role", "key"], condition=Q(is_live=True), name="book_link_once"),
        ]

    def __str__(self) -> str:
        return self.key


class DeclarationStatus(models.TextChoices):
    """Where a version of a declaration stands."""

    GENERATED = "generated", "已生成，待确认"
    CONFIRMED = "confirmed", "已确认"
    SUPERSEDED = "superseded", "已被更正替代"


class Declaration(models.Model):
    """One version of a periodic declaration of a site (月、季、年申报), as it was generated and confirmed."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="declarations")
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=8)  # 2026-10, 2026-Q3, 2026
    version = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=DeclarationStatus.choices, default=DeclarationStatus.GENERATED)
    lines = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    due = models.DateField(null=True)
    is_late = models.BooleanField(default=False)
    generated_at = models.DateTimeField()
    generated_by = models.CharField(max_length=150)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=2000, blank=True)  # what the firm says to the findings
    reason = models.CharField(max_length=200, blank=True)  # why this version corrects the one before

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["site", "form", "period", "version"], name="declaration_version_once"),
            models.UniqueConstraint(
                fields=["site", "form", "period"], condition=Q(status="confirmed"), name="declaration_confirmed_once"
            ),
            models.UniqueConstraint(
                fields=["site", "form", "period"], condition=Q(status="generated"), name="declaration_open_once"
            ),
        ]
        indexes = [models.Index(fields=["generated_at"], name="declaration_by_time")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.form} {self.period} v{self.version}"


class Contract(models.Model):
    """A contract between a generator and the facility that takes its waste (委托合同). It is ended, never edited."""

    generator = models.ForeignKey(Organisation, models.PROTECT, related_name="contracts_given")
    receiver = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="contracts_taken")
    receiver_name = models.CharField(max_length=200)
    number = models.CharField(max_length=200)
    valid_from = models.DateField()
    valid_to = models.DateField()
    items = models.JSONField(default=list)  # waste_code, method, mass_g
    file_name = models.CharField(max_length=200, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    ended_on = models.DateField(null=True)  # the last day it covers, where it ended early
    end_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["generator", "number"], name="contract_number_once")]

    def __str__(self) -> str:
        return self.number


class ContractUse(models.Model):
    """What the manifests under a contract have carried of one waste: grams, moved and given back by amendments."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="uses")
    waste_code = models.CharField(max_length=20)
    used_g = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contract", "waste_code"], name="contract_use_once")]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.waste_code}"


class HandlingPlan(models.Model):
    """One version of the handling plan of a building site (建筑垃圾处理方案)."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="handling_plans")
    version = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=12)
    project = models.CharField(max_length=200)
    begins_on = models.DateField()
    ends_on = models.DateField()
    content = models.JSONField(default=dict)  # head, wastes, carriers, receivers
    reason = models.CharField(max_length=200, blank=True)
    is_late = models.BooleanField(default=False)
    submitted_at = models.DateTimeField()
    submitted_by = models.CharField(max_length=150)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decision_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["site", "version"], name="handling_version_once")]

    def __str__(self) -> str:
        return self.number
