"""An assessment as a table for the terminal."""

from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from wufei.core.plan import readable, with_comparator
from wufei.core.units import unit_name

STATUSES = {
    "scored": "已评",
    "pending": "目标未下达",
    "not_applicable": "不适用",
    "judged": "待评定",
    "no_data": "缺数据",
}
COLOURS = {"scored": "green", "pending": "yellow", "not_applicable": "dim", "judged": "cyan", "no_data": "red"}


def render(assessed: dict[str, Any], width: int | None = None) -> str:
    """The whole assessment as text: head, one row an item, sums, and what the readings rest on."""
    console = Console(width=width or 140, no_color=True, highlight=False)
    with console.capture() as captured:
        console.print(Group(Text(_head(assessed)), _table(assessed), Text(_foot(assessed))))
    return captured.get()


def _head(assessed: dict[str, Any]) -> str:
    title = f"{assessed['name']}（{assessed['place']}）{assessed['year']}年"
    title += "（含模拟数据）" if assessed["is_simulated"] else ""
    if not assessed["rule_set"]:
        return f"{title}：没有评分细则，只对照目标。"
    step = {"ceil": "按一档计", "floor": "不计", "linear": "按比例计"}[assessed["partial_step"]]
    return f"{title}：评分细则 {assessed['rule_set']}，细则未写明的不足一档{step}（{assessed['partial_step']}）。"


def _table(assessed: dict[str, Any]) -> Table:
    table = Table(show_lines=False, expand=True)
    for name, justify in [("序号", "left"), ("指标", "left"), ("状态", "left"), ("实际", "right"), ("目标", "right")]:
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    scored = assessed["rule_set"] is not None
    table.add_column("得分/满分" if scored else "达到", justify="right", no_wrap=True)
    table.add_column("说明", ratio=1, overflow="fold")
    for item in [*assessed["items"], *assessed["adjustments"]]:
        unit = unit_name(item["unit"])
        simulated = "（模拟）" if item["is_simulated"] else ""
        if scored:
            result = f"{item['points'] if item['points'] is not None else '—'}/{item['max_points']}"
        else:
            result = {True: "是", False: "否", None: "—"}[item["is_met"]]
        table.add_row(
            item["id"],
            item["name"],
            Text(STATUSES[item["status"]], style=COLOURS[item["status"]]),
            (readable(item["value"], unit) if item["value"] else "—") + simulated,
            readable(with_comparator(item["target"], item["comparator"] or ""), unit) if item["target"] else "—",
            result,
            item["reason"],
        )
    return table


def _foot(assessed: dict[str, Any]) -> str:
    totals = assessed["totals"]
    if not assessed["items"]:
        return "方案没有列出带编号的目标，无从评估；其任务和项目见 wufei plan show。"
    counts = "，".join(f"{STATUSES[status]} {number} 项" for status, number in totals["counts"].items() if number)
    if assessed["rule_set"] is None:
        return f"达到 {totals['met']} 项，未达到 {totals['not_met']} 项。{counts}。"
    lines = [
        f"{s['name']}：{s['points']} 分／已评满分 {s['scored_max_points']} 分／全部满分 {s['max_points']} 分"
        for s in assessed["sections"]
    ]
    lines.append(
        f"合计：{totals['points']} 分／已评满分 {totals['scored_max_points']} 分／全部满分 {totals['max_points']} 分"
        f"（另有加分至多 {totals['bonus_max_points']} 分）。未评的项目不按 0 分计。"
    )
    return "\n".join([*lines, counts + "。"])
