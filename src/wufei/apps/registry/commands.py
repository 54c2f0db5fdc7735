"""The command line of the registry: accounts."""

import click
from django.utils.translation import override

from wufei.apps.registry import people, selectors
from wufei.apps.registry.models import Role
from wufei.core.findings import Refused

ACTOR = "console"


@click.group()
def user() -> None:
    """Accounts: create, list, change the password."""


def _refuse(error: Refused) -> None:
    for finding in error.findings:
        click.echo(f"{finding.what}{finding.remedy}", err=True)
    raise SystemExit(1)


@user.command()
@click.argument("username")
@click.option("--role", required=True, type=click.Choice(Role.values))
@click.option("--division", default="", help="Code of 6, 9 or 12 digits.")
@click.option("--department", default="", help="Name of the department, as the place's plan prints it.")
@click.option("--organisation", default="", help="Credit code or name.")
@click.option("--name", default="", help="Name that the pages show.")
@click.password_option()
def create(
    username: str, role: str, division: str, department: str, organisation: str, name: str, password: str
) -> None:
    """Make an account; the password is asked for."""
    new = people.NewUser(username, password, role, division, department, organisation, name)
    try:
        with override("zh-hans"):
            people.create_user(new, actor=ACTOR)
    except Refused as error:
        _refuse(error)
    click.echo(f"已开通账号“{username}”（{Role(role).label}）。")


@user.command("list")
def list_users() -> None:
    """List the accounts."""
    for row in selectors.user_rows():
        marks = "".join(mark for mark, on in [("［演示］", row.is_demo), ("［停用］", not row.is_active)] if on)
        click.echo("\t".join([row.username, row.role, row.division, row.department, row.organisation]) + marks)


@user.command()
@click.argument("username")
@click.password_option()
def password(username: str, password: str) -> None:
    """Give an account another password; it is asked for."""
    try:
        with override("zh-hans"):
            people.set_password(username, password, actor=ACTOR)
    except Refused as error:
        _refuse(error)
    click.echo(f"已更改“{username}”的密码。")
