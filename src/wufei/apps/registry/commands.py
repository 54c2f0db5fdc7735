"""The command line of the registry: accounts."""

import click
from django.utils.translation import override

from wufei.apps.registry import people, selectors
from wufei.apps.registry.models import Role
from wufei.core.findings import Refused

ACTOR = "console"


@click.group()
def user() -> None:
    """账号：开通、列出、停用、恢复、更改密码。"""


def _refuse(error: Refused) -> None:
    for finding in error.findings:
        click.echo(f"{finding.what}{finding.remedy}", err=True)
    raise SystemExit(1)


@user.command()
@click.argument("username")
@click.option("--role", required=True, type=click.Choice(Role.values), help="角色。")
@click.option("--division", default="", help="行政区划代码，6、9 或 12 位。")
@click.option("--department", default="", help="部门名称，按当地方案的写法。")
@click.option("--organisation", default="", help="统一社会信用代码或单位名称。")
@click.option("--name", default="", help="页面上显示的名字。")
@click.password_option()
def create(
    username: str, role: str, division: str, department: str, organisation: str, name: str, password: str
) -> None:
    """开通账号；密码会另行询问。"""
    new = people.NewUser(username, password, role, division, department, organisation, name)
    try:
        with override("zh-hans"):
            people.create_user(new, actor=ACTOR)
    except Refused as error:
        _refuse(error)
    click.echo(f"已开通账号“{username}”（{Role(role).label}）。")


@user.command("list")
def list_users() -> None:
    """列出所有账号。"""
    for row in selectors.user_rows():
        marks = "".join(mark for mark, on in [("［演示］", row.is_demo), ("［停用］", not row.is_active)] if on)
        click.echo("\t".join([row.username, row.role, row.division, row.department, row.organisation]) + marks)


@user.command()
@click.argument("username")
@click.option("--reason", default="", help="理由，记入操作记录。")
def stop(username: str, reason: str) -> None:
    """停用账号：它的登录、令牌、推送和外业手机立即失效，已有的记录都保留。"""
    _set_active(username, active=False, reason=reason)
    click.echo(f"已停用账号“{username}”。")


@user.command()
@click.argument("username")
@click.option("--reason", default="", help="理由，记入操作记录。")
def resume(username: str, reason: str) -> None:
    """恢复停用的账号。"""
    _set_active(username, active=True, reason=reason)
    click.echo(f"已恢复账号“{username}”。没有吊销的令牌也恢复了，请用 wufei token list 核对。")


def _set_active(username: str, *, active: bool, reason: str) -> None:
    try:
        people.set_active(username, active=active, reason=reason, actor=ACTOR)
    except Refused as error:
        _refuse(error)


@user.command()
@click.argument("username")
@click.password_option()
def password(username: str, password: str) -> None:
    """更改账号的密码；新密码会另行询问。"""
    try:
        with override("zh-hans"):
            people.set_password(username, password, actor=ACTOR)
    except Refused as error:
        _refuse(error)
    click.echo(f"已更改“{username}”的密码，它的登录都已结束。令牌不受影响，如已泄露请用 wufei token revoke 吊销。")
