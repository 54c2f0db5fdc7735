"""Manifests with their wastes, carriers and versions; trips with their stops; running numbers; templates; files.

Invariant: the document of a manifest is the last of its events, each of which keeps the whole document and its
hash; the columns beside it only serve lists. Whom a manifest concerns stands in ``ManifestSight``, written with it.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from wufei.core.manifest import EVENT_NAMES, STATUS_NAMES
from wufei.core.trip import TRIP_EVENT_NAMES, TRIP_STATUS_NAMES

STATUSES = [(status.value, name) for status, name in STATUS_NAMES.items()]
EVENTS = [("create", "新建"), ("update", "修改"), *((event.value, name) for event, name in EVENT_NAMES.items())]

TRIP_STATUSES = [(status.value, name) for status, name in TRIP_STATUS_NAMES.items()]
TRIP_EVENTS = [("plan", "排班"), *((event.value, name) for event, name in TRIP_EVENT_NAMES.items())]


class ManifestSerial(models.Model):
    """The last running number of a series, place and year. Numbers are never taken back."""

    key = models.CharField(max_length=20, primary_key=True)  # core.manifest_number.serial_key
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} {self.last}"


class Trip(models.Model):
    """One vehicle on one way with many stops (小微收运 and other rounds): each stop makes its manifest."""

    number = models.CharField(max_length=24, unique=True)
    profile = models.CharField(max_length=20)
    carrier = models.ForeignKey("registry.Organisation", models.PROTECT, related_name="trips")
    vehicle = models.CharField(max_length=12)
    driver = models.CharField(max_length=40, blank=True)
    driver_licence = models.CharField(max_length=60, blank=True)
    driver_user = models.ForeignKey("registry.User", models.PROTECT, null=True, related_name="trips")
    on = models.DateField(db_index=True)
    receiver = models.ForeignKey("registry.Site", models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=TRIP_STATUSES, default="planned")
    is_simulated = models.BooleanField(default=False)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=80, blank=True)  # idempotency key of whoever planned it

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="trip_status_known", condition=Q(status__in=[s for s, _ in TRIP_STATUSES])),
            models.UniqueConstraint(name="trip_key_once", fields=["carrier", "key"], condition=~Q(key="")),
        ]
        indexes = [
            models.Index(fields=["carrier", "on"], name="trip_of_carrier"),
            models.Index(fields=["driver_user", "on"], name="trip_of_driver"),
            models.Index(fields=["updated_at", "id"], name="trip_updated"),
        ]

    def __str__(self) -> str:
        return self.number


class Manifest(models.Model):
    """A transfer manifest (转移联单). ``document`` is the content as of the last event; ``status`` its stage."""

    number = models.CharField(max_length=24, unique=True)
    profile = models.CharField(max_length=20)
    domain = models.CharField(max_length=20)
    status = models.CharField(max_length=16, choices=STATUSES)
    leg = models.PositiveSmallIntegerField(default=0)  # the carrier who has the waste, from 1; 0 before departure
    events = models.PositiveIntegerField(default=0)  # sequence of the last event
    document = models.JSONField()
    content_hash = models.CharField(max_length=64)
    generator_site = models.ForeignKey("registry.Site", models.PROTECT, null=True, related_name="+")
    receiver_site = models.ForeignKey("registry.Site", models.PROTECT, null=True, related_name="+")
    generator_name = models.CharField(max_length=120)
    receiver_name = models.CharField(max_length=120)
    division = models.CharField(max_length=12)  # of the sender, or of the receiver where it comes from outside
    wastes_text = models.CharField(max_length=200)
    mass_g = models.BigIntegerField(default=0)
    rules_on = models.DateField()  # judged by the rules in force on the day of creation
    due_on = models.DateField(null=True)  # confirm by this day; null until delivered
    alerts = models.PositiveSmallIntegerField(default=0)
    has_difference = models.BooleanField(default=False)
    returns = models.ForeignKey("self", models.PROTECT, null=True, related_name="returned_by")
    trip = models.ForeignKey(Trip, models.PROTECT, null=True, related_name="manifests")
    stop = models.PositiveIntegerField(null=True)
    is_simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="manifest_status_known", condition=Q(status__in=[s for s, _ in STATUSES])),
            models.UniqueConstraint(name="manifest_stop_once", fields=["trip", "stop"]),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="manifest_due", condition=Q(status="delivered")),
        ]

    def __init__(self, *args: object, **values: object) -> None:
        super().__init__(*args, **values)
        self.written: list[ManifestEvent] = []  # events kept by this very object, so that nobody asks for them again
        # What a page asks together with the row, so that it needs no other query.
        self.reader_has_scale: bool | None = None
        self.reader_sees_trip: bool | None = None

    def __str__(self) -> str:
        return self.number


class ManifestWaste(models.Model):
    """One waste of a manifest, in grams: what was planned and sent, and what became of it."""

    manifest = models.ForeignKey(Manifest, models.CASCADE, related_name="wastes")
    position = models.PositiveSmallIntegerField()  # from 1
    waste_code = models.CharField(max_length=20)
    sent_g = models.BigIntegerField(default=0)
    accepted_g = models.BigIntegerField(null=True)
    refused_g = models.BigIntegerField(null=True)
    lost_g = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(name="manifest_waste_once", fields=["manifest", "position"])]
        indexes = [models.Index(fields=["waste_code", "manifest"], name="manifest_of_code")]

    def __str__(self) -> str:
        return f"{self.manifest_id} {self.position}"


class ManifestLeg(models.Model):
    """One carrier of a manifest, in turn."""

    manifest = models.ForeignKey(Manifest, models.CASCADE, related_name="legs")
    position = models.PositiveSmallIntegerField()  # from 1
    organisation = models.ForeignKey("registry.Organisation", models.PROTECT, related_name="+")
    vehicle = models.CharField(max_length=12, blank=True)
    departed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(name="manifest_leg_once", fields=["manifest", "position"])]
        indexes = [models.Index(fields=["vehicle", "manifest"], name="manifest_of_vehicle")]

    def __str__(self) -> str:
        return f"{self.manifest_id} {self.position}"


class ManifestUse(models.Model):
    """Grams of a manifest that stand in one counter: use of a plan or of a contract, line of an approval, permit."""

    manifest = models.ForeignKey(Manifest, models.CASCADE, related_name="uses")
    position = models.PositiveSmallIntegerField()  # of the waste, from 1
    waste_code = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()  # of the step that was counted
    mass_g = models.BigIntegerField(default=0)
    plan = models.ForeignKey("declarations.PlanUse", models.PROTECT, null=True, related_name="manifests")
    approval = models.ForeignKey("registry.RegionTransferLine", models.PROTECT, null=True, related_name="manifests")
    permit = models.ForeignKey("registry.Permit", models.PROTECT, null=True, related_name="manifests")
    contract = models.ForeignKey("declarations.ContractUse", models.PROTECT, null=True, related_name="manifests")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="manifest_use_of_one",
                condition=Q(plan__isnull=False, approval=None, permit=None, contract=None)
                | Q(plan=None, approval__isnull=False, permit=None, contract=None)
                | Q(plan=None, approval=None, permit__isnull=False, contract=None)
                | Q(plan=None, approval=None, permit=None, contract__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.manifest_id} {self.position} {self.mass_g} g"


class ManifestSight(models.Model):
    """Whom a manifest concerns: ``org:<id>``, ``div:<code>`` of each level, ``div:<county>/<domain>`` for duties.

    ``profile``, ``is_open`` and ``updated_at`` are those of the manifest, ``unless_confirmed`` its status but for the
    one in which nearly all end. A reader's list of what is open, of one kind, refused or changed runs along an index
    of this table alone, whatever else there is. Of a reader's own scopes a manifest has one at most.
    """

    pk = models.CompositePrimaryKey("scope", "manifest_id")
    scope = models.CharField(max_length=40)
    manifest = models.ForeignKey(Manifest, models.CASCADE, related_name="sights", db_index=True)
    profile = models.CharField(max_length=20)
    # Null, not "": a search for a status implies "IS NOT NULL" to both databases, and so finds the partial index.
    unless_confirmed = models.CharField(max_length=16, null=True)  # noqa: DJ001
    is_open = models.BooleanField(default=True)
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["scope", "manifest"], name="manifest_open_sight", condition=Q(is_open=True)),
            models.Index(fields=["scope", "profile", "manifest"], name="manifest_kind_sight"),
            models.Index(
                fields=["scope", "unless_confirmed", "manifest"],
                name="manifest_status_sight",
                condition=Q(unless_confirmed__isnull=False),
            ),
            models.Index(fields=["scope", "updated_at", "manifest"], name="manifest_changed_sight"),
            models.Index(fields=["scope", "profile", "updated_at", "manifest"], name="manifest_kind_changed"),
            models.Index(
                fields=["scope", "unless_confirmed", "updated_at", "manifest"],
                name="manifest_status_changed",
                condition=Q(unless_confirmed__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.manifest_id}"


class ManifestEvent(models.Model):
    """What happened to a manifest: append only; each event keeps the whole document (every version is kept)."""

    manifest = models.ForeignKey(Manifest, models.CASCADE, related_name="history")
    sequence = models.PositiveIntegerField()  # from 1
    event = models.CharField(max_length=12, choices=EVENTS)
    slot = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=16, choices=STATUSES)
    actor = models.CharField(max_length=150)
    claimed_at = models.DateTimeField()
    device_at = models.DateTimeField(null=True)
    server_at = models.DateTimeField()
    key = models.CharField(max_length=80, blank=True)  # idempotency key of whoever hands it in
    payload = models.JSONField(default=dict)
    document = models.JSONField()
    content_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)
    findings = models.JSONField(default=list)
    bookings = models.JSONField(default=list)  # keys of the movements that it booked

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(name="manifest_event_once", fields=["manifest", "sequence"]),
            models.UniqueConstraint(name="manifest_key_once", fields=["manifest", "key"], condition=~Q(key="")),
            models.UniqueConstraint(
                name="manifest_drawn_up_once", fields=["actor", "key"], condition=Q(event="create") & ~Q(key="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.manifest_id} {self.sequence} {self.event}"


class TripSight(models.Model):
    """Whom a whole trip concerns, as ``ManifestSight`` says it of one manifest; ``on`` is the day of the trip."""

    pk = models.CompositePrimaryKey("scope", "trip_id")
    scope = models.CharField(max_length=40)
    trip = models.ForeignKey(Trip, models.CASCADE, related_name="sights", db_index=True)
    on = models.DateField()
    is_open = models.BooleanField(default=True)

    class Meta:
        indexes = [
            models.Index(fields=["scope", "on", "trip"], name="trip_day_sight"),
            models.Index(fields=["scope", "trip"], name="trip_open_sight", condition=Q(is_open=True)),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.trip_id}"


class TripRecord(models.Model):
    """What happened to a trip: append only. What happened to the loads stands in the events of their manifests."""

    trip = models.ForeignKey(Trip, models.CASCADE, related_name="history")
    sequence = models.PositiveIntegerField()  # from 1
    event = models.CharField(max_length=12, choices=TRIP_EVENTS)
    stop = models.PositiveIntegerField(null=True)
    actor = models.CharField(max_length=150)
    claimed_at = models.DateTimeField()
    device_at = models.DateTimeField(null=True)
    server_at = models.DateTimeField()
    key = models.CharField(max_length=80, blank=True)
    payload = models.JSONField(default=dict)

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(name="trip_record_once", fields=["trip", "sequence"]),
            models.UniqueConstraint(name="trip_record_key_once", fields=["trip", "key"], condition=~Q(key="")),
        ]

    def __str__(self) -> str:
        return f"{self.trip_id} {self.sequence} {self.event}"


class TripStop(models.Model):
    """One stop of a trip: where, when, and the manifest that it made."""

    trip = models.ForeignKey(Trip, models.CASCADE, related_name="stops")
    position = models.PositiveIntegerField()  # from 1
    site = models.ForeignKey("registry.Site", models.PROTECT, related_name="+")
    planned_at = models.DateTimeField(null=True)
    visited_at = models.DateTimeField(null=True)
    manifest = models.OneToOneField(Manifest, models.PROTECT, null=True, related_name="trip_stop")
    note = models.CharField(max_length=200, blank=True)  # why nothing was collected

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(name="trip_stop_once", fields=["trip", "position"])]

    def __str__(self) -> str:
        return f"{self.trip_id} {self.position}"


class ManifestTemplate(models.Model):
    """A manifest or a round that a firm makes again and again; fields that must not be copied are left out."""

    organisation = models.ForeignKey("registry.Organisation", models.PROTECT, related_name="manifest_templates")
    kind = models.CharField(max_length=8, default="manifest", choices=[("manifest", "联单"), ("trip", "车次")])
    name = models.CharField(max_length=60)
    document = models.JSONField()
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(name="template_once_a_firm", fields=["organisation", "kind", "name"])]

    def __str__(self) -> str:
        return self.name


class ManifestFile(models.Model):
    """A file that a firm brought for a field of a document, which names it by its SHA-256; see ``files``."""

    organisation = models.ForeignKey("registry.Organisation", models.PROTECT, related_name="manifest_files")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(name="manifest_file_of_firm_once", fields=["organisation", "digest"])]

    def __str__(self) -> str:
        return self.name


class ManifestImport(models.Model):
    """A file of manifests that was taken in whole. The same file of the same firm is taken in once."""

    organisation = models.ForeignKey("registry.Organisation", models.PROTECT, related_name="manifest_imports")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    profile = models.CharField(max_length=20)
    rows = models.PositiveIntegerField()
    is_submitted = models.BooleanField()
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(name="manifest_file_once", fields=["organisation", "digest"])]

    def __str__(self) -> str:
        return f"{self.name} {self.digest[:12]}"


class ManifestImportRow(models.Model):
    """The manifest that a row of a file made."""

    file = models.ForeignKey(ManifestImport, models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField()  # of the file, from 1
    manifest = models.OneToOneField(Manifest, models.PROTECT, related_name="import_row")

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(name="manifest_row_once", fields=["file", "line"])]

    def __str__(self) -> str:
        return f"{self.file_id} {self.line}"
