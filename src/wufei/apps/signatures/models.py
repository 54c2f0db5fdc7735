"""Signatures (签名): keys of persons and devices, what was signed, delegations with evidence, one-time codes.

Invariant: a signature is never changed or deleted (``guards``), and from its own row and that of its key alone it can
be checked (``core.signature.check_signature``). Nothing here is a secret that a firm shares.
"""

from django.db import models
from django.db.models import Q

from wufei.apps.registry.models import Organisation, User


class SigningKey(models.Model):
    """A key of a person: on a device of theirs (public part only), or kept sealed by the server.

    ``user`` is absent for the key of the installation itself, which attests what parties without account did.
    """

    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="signing_keys")
    device = models.CharField(max_length=60, blank=True)  # empty: the server keeps the private part
    algorithm = models.CharField(max_length=20)  # core.signature.Algorithm
    public_key = models.BinaryField()
    key_id = models.CharField(max_length=32, unique=True)
    private_key_sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(revoked_at=None, private_key_sealed__isnull=False), name="one_kept_key"
            ),
            models.UniqueConstraint(
                fields=["algorithm"],
                condition=Q(user=None, revoked_at=None),
                name="one_key_of_the_installation",
            ),
            models.CheckConstraint(
                condition=Q(private_key_sealed__isnull=False) ^ ~Q(device=""), name="key_is_kept_or_on_a_device"
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key_id


class EvidenceFile(models.Model):
    """A file that shows why something was allowed (凭证), kept once by its digest."""

    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=60)
    content = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Delegation(models.Model):
    """An organisation lets a person or another organisation sign for it (委托签名), with evidence, for a time."""

    giver = models.ForeignKey(Organisation, models.PROTECT, related_name="delegations_given")
    receiver_person = models.ForeignKey(User, models.PROTECT, null=True, related_name="delegations_received")
    # of the person when it was given: who changes firm takes no delegation along
    receiver_firm = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    receiver_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="delegations_received"
    )
    slots = models.JSONField(default=list)  # names before the colon; empty: all
    profiles = models.JSONField(default=list)  # domains; empty: all
    valid_from = models.DateField()
    valid_until = models.DateField()
    evidence = models.ForeignKey(EvidenceFile, models.PROTECT, related_name="delegations")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(receiver_person=None) ^ Q(receiver_organisation=None), name="delegation_has_one_receiver"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=models.F("valid_from")), name="delegation_ends_after_it_begins"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.giver_id} → {self.receiver_person_id or self.receiver_organisation_id}"


class Method(models.TextChoices):
    """How a person was known when they signed."""

    SESSION = "session", "登录签名"
    DEVICE = "device", "设备签名"
    ONE_TIME_CODE = "one_time_code", "一次性码签名"


class Signature(models.Model):
    """One signature of one document in one slot at one event. Append only; see ``core.signature.Statement``.

    Three times stand apart: ``claimed_at`` as the person says, ``device_at`` of the device's clock, ``server_at``.
    """

    subject = models.CharField(max_length=120)
    slot = models.CharField(max_length=40)
    event = models.CharField(max_length=40)
    sequence = models.PositiveIntegerField()  # 1, 2, 3 … of the subject
    content_hash = models.CharField(max_length=64)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="signatures")
    person_ref = models.CharField(max_length=150)  # as in the statement: user name, or name:…
    person_name = models.CharField(max_length=60)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="signatures")
    organisation_ref = models.CharField(max_length=40, blank=True)  # as in the statement
    division = models.CharField(max_length=12, blank=True)
    method = models.CharField(max_length=20, choices=Method.choices)
    claimed_at = models.DateTimeField()
    device_at = models.DateTimeField(null=True)
    server_at = models.DateTimeField()
    key = models.ForeignKey(SigningKey, models.PROTECT, related_name="signatures")
    signature = models.BinaryField()
    round_path = models.JSONField(null=True)  # where it was signed in a round: the way to the root
    delegation = models.ForeignKey(Delegation, models.PROTECT, null=True, related_name="signatures")
    evidence = models.JSONField(default=dict)  # personal data: address, user agent, the host of a one-time code

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "sequence"], name="signature_in_order"),
            models.UniqueConstraint(fields=["subject", "slot", "event", "content_hash"], name="signature_once"),
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(method=Method.ONE_TIME_CODE),
                name="signature_without_account_by_code",
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.subject} {self.slot} {self.event}"


class OneTimeCode(models.Model):
    """Lets a party without account sign once (一次性签名码): a link and a code shown on the host's screen.

    Of both only digests are kept. ``payload`` is what the app of the document wants back when the code is used.
    """

    subject = models.CharField(max_length=120, db_index=True)
    slot = models.CharField(max_length=40)
    event = models.CharField(max_length=40)
    content_hash = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    party_name = models.CharField(max_length=60, blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    code_digest = models.CharField(max_length=64)
    token_digest = models.CharField(max_length=64, unique=True)
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="codes_issued")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)
    signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="code")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.subject} {self.slot} {self.event}"
