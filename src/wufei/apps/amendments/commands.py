"""The command line of the amendments: ``wufei amendments settle``, for cron."""

from datetime import datetime

import click
from django.utils import timezone

from wufei.core.ledger import SHANGHAI


@click.group()
def amendments() -> None:
    """更正与更正要求：到期处理。"""


@amendments.command()
@click.option("--at", "at_text", default="", help="按这个时刻处理（ISO 8601），默认为现在。")
def settle(at_text: str) -> None:
    """到期处理：无人答复的更正申请按规则了结，无人答复的更正要求标为逾期。可反复运行。"""
    from wufei.apps.amendments.corrections import mark_overdue
    from wufei.apps.amendments.services import settle_due

    at = timezone.now()
    if at_text:
        try:
            given = datetime.fromisoformat(at_text)
        except ValueError:
            raise click.BadParameter("应为 ISO 8601，如 2026-11-25T08:00+08:00。", param_hint="--at") from None
        at = given if given.tzinfo else given.replace(tzinfo=SHANGHAI)
        if at > timezone.now():
            raise click.BadParameter("这个时刻还没有到，不能提前了结。", param_hint="--at")
    click.echo(f"了结更正申请 {settle_due(at)} 份，标为逾期的更正要求 {mark_overdue(at)} 份。")
