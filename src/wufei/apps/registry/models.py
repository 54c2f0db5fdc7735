"""Who and where: divisions, departments, organisations, sites, facilities, permits, vehicles, people and their roles.

Invariant: every record hangs on a division, and what a person may see is decided by division prefix, department and
organisation in ``selectors.visible_<things>``, nowhere else.
"""

from django.contrib.auth.models import AbstractUser
from django.db import models


class ReferenceLoad(models.Model):
    """Which version of the package's reference data the tables hold."""

    digest = models.CharField(max_length=64, unique=True)
    loaded_at = models.DateTimeField(auto_now_add=True)


class Division(models.Model):
    """An administrative division (行政区划). Codes have 6 digits to county level, 9 for townships, 12 for villages.

    ``prefix`` is the part of the code that all divisions below share: 33, 3305, 330523, 330523103.
    """

    code = models.CharField(max_length=12, primary_key=True)
    prefix = models.CharField(max_length=12, db_index=True)
    name = models.CharField(max_length=60)
    level = models.PositiveSmallIntegerField()  # 1 province, 2 city, 3 county, 4 township, 5 village
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    position_basis = models.CharField(max_length=20, blank=True)  # how the position is known: poi, guess …

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A department of a place (部门), by the short name that the place's own documents use."""

    division = models.ForeignKey(Division, models.PROTECT, related_name="departments")
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["division", "name"], name="department_once_a_place")]
        ordering = ["division_id", "name"]

    def __str__(self) -> str:
        return self.name


class Kind(models.TextChoices):
    """What an organisation does with waste."""

    GENERATOR = "generator", "产废单位"
    CARRIER = "carrier", "运输单位"
    FACILITY = "facility", "利用处置单位"
    INSURER = "insurer", "保险机构"


class Organisation(models.Model):
    """A firm, farm, hospital, carrier … (单位).

    ``credit_code`` is absent where a document names the organisation without it; ``source`` says which document.
    """

    credit_code = models.CharField(max_length=18, unique=True, null=True)
    name = models.CharField(max_length=120)
    division = models.ForeignKey(Division, models.PROTECT, related_name="organisations")
    kind = models.CharField(max_length=40, choices=Kind.choices)
    source = models.CharField(max_length=200, blank=True)
    is_simulated = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(credit_code=""), name="credit_code_absent_or_given"),
        ]
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["division", "name", "id"], name="organisation_by_name")]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place where waste arises, rests or ends (场所): the holder of ledger accounts, as ``site:<code>``."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="sites")
    division = models.ForeignKey(Division, models.PROTECT, related_name="sites")
    category = models.CharField(max_length=40)  # data/registry/site_categories.csv
    domain = models.CharField(max_length=20)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    is_simulated = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Facility(models.Model):
    """A plant that stores, utilises or disposes of waste (利用处置设施)."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    site = models.OneToOneField(Site, models.PROTECT, related_name="facility")
    methods = models.JSONField(default=list)  # codes of data/catalogue/methods.csv
    capacity_t_per_year = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Permit(models.Model):
    """A permit to handle hazardous waste (危险废物经营许可证)."""

    number = models.CharField(max_length=60, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="permits")
    categories = models.JSONField(default=list)  # HW02 …
    codes = models.JSONField(default=list)  # waste codes; none = all of the categories
    methods = models.JSONField(default=list)  # codes of data/catalogue/methods.csv; none = the document prints none
    kind = models.CharField(max_length=20, default="general")  # data/registry/permit_kinds.csv
    capacity_t_per_year = models.DecimalField(max_digits=14, decimal_places=3)
    mode = models.CharField(max_length=60)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField()
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.number


class PermitUse(models.Model):
    """What was received on a permit in one year, by waste code; the sum over the codes is the year's use."""

    permit = models.ForeignKey(Permit, models.PROTECT, related_name="uses")
    year = models.PositiveSmallIntegerField()
    waste_code = models.CharField(max_length=12, blank=True)
    used_g = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["permit", "year", "waste_code"], name="permit_use_once_a_year_and_code"),
            models.CheckConstraint(condition=models.Q(used_g__gte=0), name="permit_use_not_below_zero"),
        ]
        ordering = ["permit_id", "year", "waste_code"]

    def __str__(self) -> str:
        return f"{self.permit_id} {self.year} {self.waste_code}"


class Vehicle(models.Model):
    """A vehicle of a carrier (运输车辆): the holder of ``in_transit`` accounts, as ``vehicle:<plate>``."""

    plate = models.CharField(max_length=12, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="vehicles")
    load_limit_t = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    transport_permit = models.CharField(max_length=40, blank=True)  # 道路运输证号
    valid_until = models.DateField(null=True)  # of the transport permit
    hazard_classes = models.JSONField(default=list)  # 危货类别项别: 3, 6.1 …
    is_simulated = models.BooleanField(default=False)

    class Meta:
        ordering = ["plate"]

    def __str__(self) -> str:
        return self.plate


class PersonKind(models.TextChoices):
    """What a person does on a transport of dangerous goods."""

    DRIVER = "driver", "驾驶员"
    ESCORT = "escort", "押运员"
    LOADER = "loader", "装卸管理人员"


class TransportPerson(models.Model):
    """A driver, escort or loading manager with their certificate (从业资格证): personal data, shown masked."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="transport_persons")
    kind = models.CharField(max_length=10, choices=PersonKind.choices)
    name = models.CharField(max_length=40)
    certificate = models.CharField(max_length=40)
    valid_until = models.DateField(null=True)
    hazard_classes = models.JSONField(default=list)
    user = models.ForeignKey("User", models.SET_NULL, null=True, blank=True, related_name="transport_persons")
    is_simulated = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "certificate"], name="certificate_once_a_kind")]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class CarrierLicence(models.Model):
    """A licence to carry waste (道路危险货物运输许可, 建筑垃圾运输核准 …) of an organisation."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="carrier_licences")
    kind = models.CharField(max_length=40)  # data/manifests/carrier_licences.csv
    number = models.CharField(max_length=60)
    scope = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "number"], name="carrier_licence_once_a_kind")]
        ordering = ["number"]

    def __str__(self) -> str:
        return self.number


class Role(models.TextChoices):
    """What a person is here for (DESIGN: people and permission)."""

    PROGRAMME_OFFICE = "programme_office", "无废办"
    DEPARTMENT = "department", "部门"
    TOWNSHIP = "township", "乡镇（街道、园区）"
    GRID_OFFICER = "grid_officer", "网格员"
    ENFORCEMENT = "enforcement", "执法人员"
    LEADER = "leader", "领导"
    PARENT_REGION = "parent_region", "上级无废办"
    GENERATOR = "generator", "产废单位"
    CARRIER = "carrier", "运输单位"
    FACILITY = "facility", "利用处置单位"
    CITIZEN = "citizen", "公众"
    DEVICE = "device", "设备"
    OTHER_SYSTEM = "other_system", "其他系统"


class User(AbstractUser):
    """A person (or device, or other system) with one role, at one division, of one department or organisation."""

    role = models.CharField(max_length=20, choices=Role.choices, default=Role.CITIZEN)
    division = models.ForeignKey(Division, models.PROTECT, null=True, related_name="users")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="users")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="users")
    display_name = models.CharField(max_length=60, blank=True)
    is_demo = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.display_name or self.username


class RegionTransfer(models.Model):
    """An application to move waste out of or into the province (跨省转移), with its approval or filing.

    ``site`` is the end inside the region: the sender where ``direction`` is out, the receiver where it is in.
    """

    direction = models.CharField(max_length=3)  # out or in
    kind = models.CharField(max_length=10)  # approval or filing
    status = models.CharField(max_length=12)  # core.transfer_life.STATES
    domain = models.CharField(max_length=20)
    site = models.ForeignKey(Site, models.PROTECT, related_name="region_transfers")
    other_name = models.CharField(max_length=200)
    other_division = models.CharField(max_length=6)
    content = models.JSONField(default=dict)  # the head as it was handed in
    asked_from = models.DateField()
    asked_until = models.DateField()
    number = models.CharField(max_length=60, blank=True)  # of the approval or filing
    decided_on = models.DateField(null=True)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    due_on = models.DateField(null=True)  # last day of the step that was due after the newest event
    events = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    key = models.CharField(max_length=80, blank=True)  # idempotency key of whoever applied

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["created_by", "key"], condition=~models.Q(key=""), name="region_transfer_key_once"
            ),
            models.UniqueConstraint(
                fields=["site", "number"], condition=~models.Q(number=""), name="region_transfer_number_once"
            ),
        ]
        indexes = [
            models.Index(fields=["site", "status"], name="region_transfer_of_site"),
            models.Index(fields=["updated_at", "id"], name="region_transfer_changed"),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.other_name} {self.pk}"


class RegionTransferLine(models.Model):
    """One waste of an application: grams asked for, granted and used by manifests; use beyond it is a fact."""

    transfer = models.ForeignKey(RegionTransfer, models.PROTECT, related_name="lines")
    waste_code = models.CharField(max_length=12)
    method = models.CharField(max_length=10, blank=True)
    asked_g = models.BigIntegerField()
    granted_g = models.BigIntegerField(null=True)
    used_g = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "waste_code", "method"], name="region_transfer_waste_once"),
            models.CheckConstraint(
                condition=models.Q(asked_g__gt=0) & models.Q(used_g__gte=0), name="region_transfer_masses"
            ),
            models.CheckConstraint(
                condition=models.Q(granted_g=None) | models.Q(granted_g__gte=0, granted_g__lte=models.F("asked_g")),
                name="region_transfer_grants_what_was_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.waste_code} {self.method}"


class RegionTransferEvent(models.Model):
    """One thing that happened to an application; appended, never changed."""

    transfer = models.ForeignKey(RegionTransfer, models.PROTECT, related_name="history")
    sequence = models.PositiveSmallIntegerField()
    event = models.CharField(max_length=20)
    status = models.CharField(max_length=12)  # after it
    happened_on = models.DateField()
    note = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["transfer_id", "sequence"]
        constraints = [models.UniqueConstraint(fields=["transfer", "sequence"], name="region_transfer_event_once")]

    def __str__(self) -> str:
        return f"{self.transfer_id}/{self.sequence} {self.event}"


class CompensationRate(models.Model):
    """The rate of the ecological compensation (生态补偿) of a place, as its office entered it, with the document."""

    division = models.ForeignKey(Division, models.PROTECT, related_name="compensation_rates")
    domain = models.CharField(max_length=20)
    yuan_per_t = models.DecimalField(max_digits=12, decimal_places=2)
    valid_from = models.DateField()
    source = models.CharField(max_length=200)
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["division", "domain", "valid_from"], name="compensation_rate_once_a_day"),
            models.CheckConstraint(condition=models.Q(yuan_per_t__gte=0), name="compensation_rate_not_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.division_id} {self.domain} {self.yuan_per_t}"
