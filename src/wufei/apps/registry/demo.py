"""Demo accounts (演示账号): one for each role of 安吉. They are made, and let in, in demo mode only."""

from django.conf import settings
from django.db import transaction

from wufei.apps.registry.models import Division, Kind, Organisation, Role, Site, User
from wufei.apps.registry.people import NewUser, create_user
from wufei.core.credit_code import make_credit_code
from wufei.core.reference import read_table

PLACE = "330523"
PASSWORD = "wufei-anji-demo"  # noqa: S105 - printed at start on purpose; refused outside demo mode

WITHOUT_SITE = frozenset({Kind.CARRIER, Kind.INSURER})


@transaction.atomic
def create_demo_accounts() -> list[tuple[str, str, str, str]]:
    """Make the accounts that are missing; return (username, password, role, what the person sees) of all.

    ``data/registry/demo_accounts.csv`` lists them. Firms are the simulated ones where a simulation has run, else
    firms made for the demo and marked as simulated.
    """
    assert settings.DEMO, "Demo accounts are made in demo mode only."
    accounts = []
    for row in read_table("registry/demo_accounts.csv"):
        user = User.objects.filter(username=row["username"]).first()
        if user is None:
            firm = _firm(row["firm"]) if row["firm"] else None
            new = NewUser(
                username=row["username"],
                password=PASSWORD,
                role=row["role"],
                division=row["division"],
                department=row["department"],
                organisation=(firm.credit_code or firm.name) if firm else "",
                display_name=row["display_name"],
                is_demo=True,
            )
            user = create_user(new, actor="system")
        assert user.is_demo, f"{user.username} is no demo account"
        accounts.append((user.username, PASSWORD, Role(user.role).label, row["sees"]))
    return accounts


def _firm(wanted: str) -> Organisation:
    """The firm of a demo account: ``generator:1`` is the second generator with a site, by credit code."""
    kind, _, place_in_order = wanted.partition(":")
    rows = Organisation.objects.filter(kind=kind, is_simulated=True, credit_code__isnull=False).order_by(
        "credit_code"
    )
    if kind not in WITHOUT_SITE:
        rows = rows.filter(sites__isnull=False).distinct()
    index = int(place_in_order)
    found = rows[index : index + 1]
    return found[0] if found else _made_up(kind, index)


def _made_up(kind: str, index: int) -> Organisation:
    number = 900_000 + 10 * list(Kind).index(Kind(kind)) + index
    name = f"【模拟】演示{Kind(kind).label}{'甲乙'[index]}"
    organisation, created = Organisation.objects.get_or_create(
        credit_code=make_credit_code(PLACE, number),
        defaults={
            "name": name,
            "division": Division.objects.get(pk=PLACE),
            "kind": kind,
            "source": "演示数据",
            "is_simulated": True,
        },
    )
    if created and kind not in WITHOUT_SITE:
        Site.objects.create(
            code=f"{PLACE}-DEMO-{number}",
            name=name,
            organisation=organisation,
            division_id=f"{PLACE}{('001', '105')[index]}",
            category="industrial_enterprise" if kind == Kind.GENERATOR else "treatment_plant",
            domain="industrial",
            is_simulated=True,
        )
    return organisation
