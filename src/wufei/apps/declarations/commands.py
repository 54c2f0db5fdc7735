"""The command line of the declarations."""

import click
from django.utils import timezone

from wufei.apps.declarations import periodic, selectors
from wufei.core.findings import Refused

ACTOR = "console"


@click.group()
def declarations() -> None:
    """申报：按台账生成月、季、年申报。"""


@declarations.command()
@click.option("--period", required=True, help="时期：月 2026-10，季 2026-Q3，年 2026。")
@click.option("--form", default="hazardous", show_default=True, help="申报表：hazardous、giw_flow、bulk_industrial。")
@click.option("--site", default="", help="只生成这个场所（编号）；不写则生成所有应报的场所。")
def generate(period: str, form: str, site: str) -> None:
    """生成一个时期的申报，由单位确认；已确认的不动。"""
    sites = None
    if site:
        sites = selectors.sites_named(site)
        if not sites:
            click.echo(f"没有编号为“{site}”的场所。请核对编号。", err=True)
            raise SystemExit(1)
    try:
        count = periodic.generate_all(form=form, period=period, actor=ACTOR, at=timezone.now(), sites=sites)
    except Refused as error:
        for finding in error.findings:
            click.echo(f"{finding.what}{finding.remedy}", err=True)
        raise SystemExit(1) from None
    click.echo(f"{period} 已生成 {count} 份申报。")
    if not count:
        click.echo("没有场所应报这张表：它的管理计划没有备案、按分级不报这种时期，或台账里这个时期没有相应的记录。")
