"""``wufei check PLACE --year Y``: what does not agree in a place's figures and targets."""

import json

import click

from wufei.apps.assessment import selectors
from wufei.apps.assessment.labels import LEVELS
from wufei.apps.plans.place_arguments import division_of, year_of
from wufei.core.validation import RULES, Issue


@click.command()
@click.argument("place")
@click.option("--year", "year_text", required=True, help="核对的年份，如 2022。")
@click.option("--with-ledger", is_flag=True, help="把上报的数与台账推算的数相比（规则 V12）。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def check(place: str, year_text: str, *, with_ledger: bool, as_json: bool) -> None:
    """核对 PLACE（代码或名称）的数据与目标：一次列出全部问题，每条写明出处和建议。发现问题不算命令失败。"""
    year, division = year_of(year_text), division_of(place)
    found = selectors.check(division, year, ledger=with_ledger)
    if as_json:
        click.echo(json.dumps([issue_as_dict(issue, division) for issue in found], ensure_ascii=False, indent=2))
        return
    for issue in found:
        click.echo(render(issue))
    counts = "、".join(f"{label} {sum(i.level == level for i in found)}" for level, label in LEVELS.items())
    click.echo(f"共 {len(found)} 条：{counts}。")


def issue_as_dict(issue: Issue, division: str) -> dict[str, object]:
    """One finding as plain values, in the shape that other programs rely on."""
    return {
        "rule": issue.rule,
        "level": issue.level,
        "subject": issue.subject,
        "message": issue.message,
        "proposal": issue.proposal,
        "source": issue.source,
        "place": division,
        "period": issue.period,
        "elements": list(issue.elements),
    }


def render(issue: Issue) -> str:
    """One finding as four lines of text."""
    head = f"[{LEVELS[issue.level]}] {issue.rule} {RULES[issue.rule].title}  {issue.subject}"
    return f"{head}\n    {issue.message}\n    建议：{issue.proposal}\n    出处：{issue.source or '—'}\n"
