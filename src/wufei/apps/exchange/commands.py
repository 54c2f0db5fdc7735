"""The command line of exchange: ``wufei simulate PLACE --year Y --seed N``."""

import json
from typing import Any

import click
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from wufei.apps.assessment.ledger_values import ledger_value_set
from wufei.apps.exchange.simulate import OtherSimulation, Simulated
from wufei.apps.exchange.simulate import simulate as run_simulation
from wufei.core.findings import Refused
from wufei.core.indicators import name_of, unit_of
from wufei.core.numbers import decimal_text
from wufei.core.simulation import Scenario, UnknownScenario, available, load_scenario
from wufei.core.units import unit_name

ACTOR = "simulation"
MAX_SCALE = 100


def _find(place: str, year: int) -> Scenario:
    """The scenario that a code or a name means."""
    for division, known_year in available():
        if known_year == year and place in _names(load_scenario(division, known_year)):
            return load_scenario(division, known_year)
    return load_scenario(place, year)


def _names(scenario: Scenario) -> set[str]:
    return {scenario.place, scenario.place_name, scenario.place_name[:-1]}


@click.command()
@click.argument("place")
@click.option("--year", type=click.IntRange(2000, 2099), required=True, help="模拟的年份，如 2022。")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="随机种子：同一种子结果相同。")
@click.option(
    "--scale",
    type=click.IntRange(1, MAX_SCALE),
    default=1,
    show_default=True,
    help="记账笔数的倍数；重量总数不变。",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def simulate(place: str, year: int, seed: int, scale: int, as_json: bool) -> None:
    """模拟 PLACE（代码或名称）一年的固废流向；总量与公布数一致，其余均为虚构并标明“模拟”。"""
    try:
        scenario = _find(place, year)
        done = simulate_with_bar(scenario, seed=seed, scale=scale)
    except UnknownScenario as unknown:
        click.echo(str(unknown), err=True)
        raise SystemExit(2) from unknown
    except (OtherSimulation, Refused) as refused:
        click.echo(str(refused), err=True)
        raise SystemExit(1) from refused
    totals = compare_totals(scenario)
    if as_json:
        click.echo(json.dumps(_as_dict(scenario, seed, scale, done, totals), ensure_ascii=False, indent=2))
        return
    click.echo(_summary(scenario, seed, scale, done))
    _print_totals(totals)


def simulate_with_bar(scenario: Scenario, *, seed: int, scale: int = 1, actor: str = ACTOR) -> Simulated:
    """Simulate a year, with a bar of the movements booked where a person looks on."""
    console = Console(stderr=True)
    columns = (TextColumn("记账"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("记账", total=None)
        return run_simulation(
            scenario,
            seed=seed,
            scale=scale,
            actor=actor,
            at=timezone.now(),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def compare_totals(scenario: Scenario) -> list[dict[str, Any]]:
    """Each published total beside what the ledger says, in the element's unit; decimals as text."""
    ledger = ledger_value_set(scenario.place, scenario.year)
    rows = []
    for total in scenario.totals:
        found = ledger.get(total.element, str(scenario.year))
        value = found.value if found else None
        rows.append(
            {
                "element": total.element,
                "name": name_of(total.element),
                "unit": unit_of(total.element),
                "printed": total.printed,
                "exact": decimal_text(total.exact),
                "ledger": decimal_text(value),
                "agrees": value == total.exact,
                "source": total.source,
            }
        )
    return rows


def _as_dict(
    scenario: Scenario, seed: int, scale: int, done: Simulated, totals: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "place": scenario.place,
        "name": scenario.place_name,
        "year": scenario.year,
        "seed": seed,
        "scale": scale,
        "is_simulated": True,
        "notice": scenario.notice,
        "organisations": done.organisations,
        "sites": done.sites,
        "vehicles": done.vehicles,
        "booked": done.booked,
        "already": done.already,
        "totals": totals,
    }


def _summary(scenario: Scenario, seed: int, scale: int, done: Simulated) -> str:
    head = f"{scenario.place_name} {scenario.year} 年模拟数据（种子 {seed}，倍数 {scale}）"
    if done.is_unchanged:
        return f"{head}已在账上，共 {done.already} 笔；没有改变任何内容。"
    again = f"，另有 {done.already} 笔此前已记" if done.already else ""
    return (
        f"{head}：单位 {done.organisations} 个，场所 {done.sites} 处，车辆 {done.vehicles} 辆，"
        f"本次记账 {done.booked} 笔{again}。\n{scenario.notice}"
    )


def _print_totals(totals: list[dict[str, Any]]) -> None:
    table = Table(title="公布数与台账（模拟）")
    for name in ("数据元", "公布", "取值", "台账", "单位", "一致", "出处"):
        table.add_column(name, justify="right" if name in {"取值", "台账"} else "left", overflow="fold")
    for row in totals:
        agrees = "是" if row["agrees"] else "否"
        figures = (row["printed"], row["exact"], row["ledger"] or "—", unit_name(row["unit"]))
        table.add_row(row["name"], *figures, agrees, row["source"])
    Console(width=None if Console().is_terminal else 140).print(table)
