"""The command line of the interface: ``wufei token``."""

from collections.abc import Callable
from typing import TypeVar

import click
from django.utils import timezone
from django.utils.timezone import localtime

from wufei.apps.rest import selectors, services
from wufei.apps.rest.reference import limits
from wufei.core.findings import Refused

ACTOR = "console"
T = TypeVar("T")


@click.group()
def token() -> None:
    """令牌：签发、列出、吊销，供其他系统和设备调用接口。"""


def _or_refuse(work: Callable[[], T]) -> T:
    try:
        return work()
    except Refused as error:
        for finding in error.findings:
            click.echo(f"{finding.what}{finding.remedy}", err=True)
        raise SystemExit(1) from None


@token.command()
@click.argument("username")
@click.option("--scope", "scopes", multiple=True, required=True, help="权限，可写多次，如 --scope manifests:read。")
@click.option(
    "--days", type=int, default=limits().token_days_default, show_default=True, help="有效几天，到期自动失效。"
)
@click.option("--name", default="", help="给谁用，如：某厂地磅。")
def create(username: str, scopes: tuple[str, ...], days: int, name: str) -> None:
    """给账号 USERNAME 签发令牌；令牌只显示这一次。"""
    made, secret = _or_refuse(
        lambda: services.create_token(
            username=username, scopes_wanted=scopes, days=days, name=name, actor=ACTOR, at=timezone.now()
        )
    )
    click.echo(secret)
    until = localtime(made.expires_at)
    click.echo(f"令牌 {made.pk}，有效至 {until:%Y-%m-%d %H:%M}。它只显示这一次，请妥善保管。", err=True)


@token.command("list")
@click.option("--user", default="", help="只列这个账号的。")
def list_tokens(user: str) -> None:
    """列出令牌：编号、账号、用途、权限、到期、最近使用、状态。"""
    for row in selectors.token_rows(at=timezone.now(), username=user):
        until = localtime(row.expires_at)
        cells = [str(row.id), row.username, row.name or "-", ",".join(row.scopes), f"{until:%Y-%m-%d}"]
        click.echo("\t".join([*cells, row.last_used or "没用过", row.state]))


@token.command()
@click.argument("token_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
def revoke(token_id: int) -> None:
    """立即吊销编号为 ID 的令牌。"""
    _or_refuse(lambda: services.revoke_token(token_id, actor=ACTOR, at=timezone.now()))
    click.echo(f"已吊销令牌 {token_id}。")


@token.command("forget-answers")
def forget_answers() -> None:
    """删去过期的幂等答复（可定时运行）。"""
    count = services.forget_answers(actor=ACTOR, at=timezone.now())
    click.echo(f"删去了 {count} 条过期的幂等答复。")
