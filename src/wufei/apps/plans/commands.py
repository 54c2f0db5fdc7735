"""The command line of plans: ``wufei plan list``, ``show PLACE`` and ``export PLACE FILE.xlsx``."""

import json
from pathlib import Path

import click

from wufei.apps.plans import selectors
from wufei.apps.plans.place_arguments import division_of, stop
from wufei.apps.plans.text import summary, text_lines
from wufei.core.plan import pack_as_dict


@click.group()
def plan() -> None:
    """各地实施方案的四张清单：目标、任务、项目、责任。"""


@plan.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def list_plans(as_json: bool) -> None:
    """列出已有方案的地方。"""
    rows = selectors.places()
    if as_json:
        plain = [{"place": code, "name": name, "title": title} for code, name, title in rows]
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    for code, name, title in rows:
        click.echo(f"{code}  {name}  {title}")


@plan.command()
@click.argument("place")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def show(place: str, as_json: bool) -> None:
    """显示 PLACE（代码或名称，如 330825、龙游县、龙游）的四张清单。"""
    pack = selectors.pack(division_of(place))
    if as_json:
        click.echo(json.dumps(pack_as_dict(pack), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(text_lines(pack)))


@plan.command()
@click.argument("place")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(place: str, file: Path) -> None:
    """把 PLACE 的四张清单写成 Excel 文件 FILE（.xlsx）。"""
    from wufei.apps.plans.spreadsheet import workbook_bytes

    if file.suffix.lower() != ".xlsx":
        stop(f"文件“{file}”应以 .xlsx 结尾。")
    if not file.parent.is_dir():
        stop(f"文件夹“{file.parent}”不存在，请先建立。")
    pack = selectors.pack(division_of(place))
    file.write_bytes(workbook_bytes(pack))
    click.echo(f"已写入 {file}：{summary(pack)}。")
