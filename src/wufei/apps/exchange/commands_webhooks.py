"""The command line of webhooks: ``wufei webhooks``."""

import time

import click
from django.utils import timezone
from django.utils.timezone import localtime

from wufei.apps.exchange import webhooks as writes
from wufei.apps.exchange.delivery import deliver_due
from wufei.apps.exchange.models import WebhookEndpoint
from wufei.core.findings import Refused

ACTOR = "console"


@click.group()
def webhooks() -> None:
    """推送：把发生的事按先后发给登记的地址（登记见接口 /api/v1/webhooks/）。"""


@webhooks.command()
@click.option("--once", is_flag=True, help="发完到期的就结束；不写则一直运行。")
def deliver(once: bool) -> None:
    """发送到期的推送。可以同时运行几个，同一地址只由其中一个发送。"""
    while True:
        done = deliver_due(timezone.now)
        if once or done.sent or done.failed:
            click.echo(f"{localtime():%H:%M:%S} 发出 {done.sent} 条，{done.failed} 个地址未收下。")
        if once:
            return
        if not done.sent:
            time.sleep(writes.limits().pause_s)


@webhooks.command("list")
def list_webhooks() -> None:
    """列出推送地址：编号、账号、地址、已到序号、连续失败次数、下次发送、最近的错误。"""
    for row in writes.all_webhooks():
        turn = f"{localtime(row.next_try_at):%Y-%m-%d %H:%M:%S}" if row.next_try_at else "随时"
        cells = [str(row.pk), row.user.username, row.url, str(row.cursor), str(row.failures), turn, row.last_error]
        click.echo("\t".join(cells))


@webhooks.command()
@click.argument("webhook_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--after", type=click.IntRange(0, 2**63 - 1), required=True, help="从这个序号之后重发；0 表示从头。")
def replay(webhook_id: int, after: int) -> None:
    """把编号为 ID 的地址从某个序号之后重新推送。"""
    try:
        writes.replay_webhook(_found(webhook_id), after=after, actor=ACTOR, at=timezone.now())
    except Refused as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    click.echo(f"地址 {webhook_id} 将从序号 {after} 之后重发。")


@webhooks.command()
@click.argument("webhook_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
def remove(webhook_id: int) -> None:
    """删除编号为 ID 的地址。"""
    writes.delete_webhook(_found(webhook_id), actor=ACTOR, at=timezone.now())
    click.echo(f"已删除地址 {webhook_id}。")


def _found(webhook_id: int) -> WebhookEndpoint:
    row = writes.all_webhooks().filter(pk=webhook_id).first()
    if row is None:
        click.echo(f"没有编号为 {webhook_id} 的推送地址。用 wufei webhooks list 查看编号。", err=True)
        raise SystemExit(1)
    return row
