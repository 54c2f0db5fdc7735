"""``wufei assess PLACE --year Y``: where a place stands, item by item."""

import json

import click

from wufei.apps.assessment import selectors
from wufei.apps.assessment.assess import assess_as_dict, has_ledger_figures
from wufei.apps.assessment.text_assess import render
from wufei.apps.plans.place_arguments import division_of, year_of
from wufei.core.scoring import PartialStep


@click.command()
@click.argument("place")
@click.option("--year", "year_text", required=True, help="评估的年份，如 2022。")
@click.option(
    "--partial-step",
    type=click.Choice([step.value for step in PartialStep]),
    help="细则没有写明时，不足一档怎么算：ceil 按一档计，floor 不计，linear 按比例计。默认由评分细则规定。",
)
@click.option(
    "--values",
    "origin",
    type=click.Choice(["reported", "ledger"]),
    default="reported",
    show_default=True,
    help="用上报（公布）的数据，还是用台账推算的数据。",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def assess(place: str, year_text: str, partial_step: str | None, origin: str, as_json: bool) -> None:
    """评估 PLACE（代码或名称）：逐项列出实际值、目标、得分和理由；缺什么写明什么，未知的不按 0 分计。"""
    year, division = year_of(year_text), division_of(place)
    values = selectors.value_set(division, year=year, origin=origin)
    if not values.elements(str(year)):
        click.echo(f"没有{year}年的数据，各项都无法评分。", err=True)
    elif origin == "ledger" and not has_ledger_figures(values, year):
        click.echo(f"台账里没有{year}年的记录，改用上报的数据。", err=True)
    step = PartialStep(partial_step) if partial_step else None
    assessed = assess_as_dict(division, year, values=values, partial_step=step)
    click.echo(json.dumps(assessed, ensure_ascii=False, indent=2) if as_json else render(assessed), nl=as_json)
