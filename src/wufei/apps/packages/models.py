"""The tables of packages: what each is and where it stands, what was done to it, where its mass went, who scanned it.

Invariant: a row of ``Package`` says how things stand, and its steps say how they came to stand so; steps, edges,
actions and scans are only ever appended. Mass that left a package (edges) is at most the mass it had.
"""

from django.db import models
from django.db.models import Q

from wufei.apps.registry.models import Organisation, Site
from wufei.core.package import Status


class Package(models.Model):
    """One package (包装、容器). ``mass_g`` is what lies in it directly; what lies inside its packages is theirs."""

    code = models.CharField(max_length=40, unique=True)
    external_code = models.CharField(max_length=80, unique=True, null=True)
    series = models.CharField(max_length=10)
    domain = models.CharField(max_length=20)
    waste_code = models.CharField(max_length=20)
    waste_name = models.CharField(max_length=120)
    form = models.CharField(max_length=4, blank=True)  # data/packages/forms.csv
    hazards = models.CharField(max_length=20, blank=True)  # letters with commas: T,I
    main_components = models.CharField(max_length=200, blank=True)
    harmful_components = models.CharField(max_length=200, blank=True)
    precautions = models.CharField(max_length=200, blank=True)
    container = models.CharField(max_length=20, blank=True)  # data/packages/containers.csv
    remark = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=60, blank=True)  # of the label; never on a public page
    phone = models.CharField(max_length=40, blank=True)
    generated_on = models.DateField()
    # Where it arose: for ever.
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="packages")
    division = models.CharField(max_length=12)
    # Where it is: the site, or the vehicle while in transit; and whose it is to act on.
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="packages")
    plate = models.CharField(max_length=12, blank=True)
    holder = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="held_packages")
    holder_division = models.CharField(max_length=12)
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Status])
    mass_g = models.BigIntegerField(null=True)  # null until weighed
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    top = models.BigIntegerField(null=True)  # id of the outermost box; null where it lies in none
    open_manifest = models.CharField(max_length=40, blank=True)
    is_booked = models.BooleanField(default=False)  # its mass stands in the ledger under codes of packages
    is_simulated = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "package"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="package_mass_not_negative", condition=Q(mass_g__gte=0) | Q(mass_g=None)),
            models.CheckConstraint(
                name="package_status_known", condition=Q(status__in=sorted(s.value for s in Status))
            ),
            models.CheckConstraint(
                name="package_external_code_absent_or_given", condition=~Q(external_code="") | Q(external_code=None)
            ),
            models.CheckConstraint(
                name="package_nested_both_or_none",
                condition=Q(parent=None, top=None) | Q(parent__isnull=False, top__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="package_of_firm", fields=["organisation", "id"]),
            models.Index(name="package_held_by", fields=["holder", "id"]),
            models.Index(name="package_at_site", fields=["site", "status", "id"]),
            models.Index(name="package_changed", fields=["updated_at", "id"]),
            models.Index(name="package_inside", fields=["top"], condition=Q(top__isnull=False)),
            models.Index(name="package_on_manifest", fields=["open_manifest"], condition=~Q(open_manifest="")),
        ]

    def __str__(self) -> str:
        return self.code


class PackageCounter(models.Model):
    """The last serial number given in a series of one day; one row is the lock of its series."""

    key = models.CharField(max_length=60, primary_key=True)
    last = models.IntegerField()

    class Meta:
        db_table = "package_counter"

    def __str__(self) -> str:
        return f"{self.key} {self.last}"


class PackageAction(models.Model):
    """One thing done to packages, once: its ``key`` makes that doing it again changes nothing."""

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)  # of what was asked
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    manifest = models.CharField(max_length=40, blank=True)
    document = models.CharField(max_length=200, blank=True)
    method = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "package_action"

    def __str__(self) -> str:
        return self.key


class PackageStep(models.Model):
    """What one action did to one package (流转记录), and where. Append only."""

    package = models.ForeignKey(Package, models.PROTECT, related_name="steps")
    action = models.ForeignKey(PackageAction, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12)
    is_result = models.BooleanField(default=False)  # it came out of the action, rather than went into it
    mass_g = models.BigIntegerField(null=True)
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+", db_index=False)
    division = models.CharField(max_length=12)
    plate = models.CharField(max_length=12, blank=True)
    # The outermost box in which it lay then, and whether the books held its mass; null in rows without that.
    top = models.BigIntegerField(null=True)
    is_booked = models.BooleanField(null=True)

    class Meta:
        db_table = "package_step"
        ordering = ["id"]
        indexes = [
            models.Index(name="package_step_refused_at", fields=["site"], condition=Q(kind="refuse")),
        ]

    def __str__(self) -> str:
        return f"{self.package_id} {self.kind}"


class PackageEdge(models.Model):
    """Grams that went from one package into another: split, merge, treat. Append only."""

    source = models.ForeignKey(Package, models.PROTECT, related_name="+", db_index=False)
    target = models.ForeignKey(Package, models.PROTECT, related_name="+", db_index=False)
    action = models.ForeignKey(PackageAction, models.PROTECT, related_name="+", db_index=False)
    mass_g = models.BigIntegerField()
    kind = models.CharField(max_length=8)

    class Meta:
        db_table = "package_edge"
        constraints = [
            models.CheckConstraint(name="package_edge_positive", condition=Q(mass_g__gt=0)),
            models.CheckConstraint(name="package_edge_leads_on", condition=Q(target__gt=models.F("source"))),
        ]
        indexes = [
            models.Index(name="package_edge_down", fields=["source", "target"]),
            models.Index(name="package_edge_up", fields=["target", "source"]),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} > {self.target_id}"


class PackageScan(models.Model):
    """A label was read (扫码): always kept, whatever was read. Append only."""

    key = models.CharField(max_length=200, unique=True)
    text = models.CharField(max_length=500)  # as read
    code = models.CharField(max_length=40, blank=True)  # as understood; empty where no code is in it
    package = models.ForeignKey(Package, models.PROTECT, null=True, related_name="scans")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    place = models.CharField(max_length=120, blank=True)  # as the device says
    device = models.CharField(max_length=80, blank=True)
    manifest = models.CharField(max_length=40, blank=True)

    class Meta:
        db_table = "package_scan"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key
