"""The command line of the weighings: ``wufei weighings import FILE --site CODE``, ``forget-files``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import click
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table

from wufei.apps.registry.models import User
from wufei.apps.weighings import imports, preview
from wufei.apps.weighings.services import Progress
from wufei.core.findings import Finding, Refused

ACTOR = "console"


@click.group()
def weighings() -> None:
    """磅单：检查和导入过磅表，删去没有入账的文件。"""


@contextmanager
def _steps(words: tuple[str, ...]) -> Iterator[Progress]:
    """A bar on the error stream that names each step; nothing where that is no terminal."""
    with Bar(console=Console(stderr=True), transient=True, disable=not Console(stderr=True).is_terminal) as bar:
        task = bar.add_task(words[0], total=len(words))

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=words[min(done, len(words) - 1)])

        yield told


def _tell(findings: list[Finding]) -> None:
    for finding in findings:
        place = f"第 {finding.line} 行 " if finding.line else ""
        click.echo(f"{place}{finding.field + '：' if finding.field else ''}{finding.what}{finding.remedy}", err=True)


def _show(shown: preview.Preview) -> None:
    """What the file holds: sums by waste and day, the first tickets, what is worth telling."""
    console = Console(width=None if Console().is_terminal else 160)
    console.print(f"{shown.file_name}：磅单 {shown.tickets} 张，新的 {shown.new} 张，已登记过的 {shown.already} 张。")
    console.print(f"净重合计 {shown.total_kg} 千克。" + (f"略过：{shown.passed}。" if shown.passed else ""))
    for outcome, count in shown.outcomes:
        console.print(f"  {outcome} {count} 张")
    sums = Table("废物代码", "名称", "日期", "张", "净重（千克）")
    for code, name, day, count, kilograms in shown.totals[:20]:
        sums.add_row(code, name, day, str(count), kilograms)
    console.print(sums)
    first = Table(*preview.HEADINGS)
    for row in shown.rows[:10]:
        first.add_row(*row)
    console.print(first)
    if len(shown.totals) > 20 or shown.tickets > 10:
        console.print("只列出开头的一些；全部见 --json，或在页面“磅单导入”里查看。")
    for note in shown.notes:
        console.print(f"提示：{note.what}{note.remedy}")


@weighings.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--site", required=True, help="衡器所在场所的编号。")
@click.option("--by", "username", required=True, help="登记人的账号：该场所单位的人员，或无废办。")
@click.option("--device", default="", help="磅号；表里没有这一列时用。")
@click.option("--direction", type=click.Choice(["in", "out"]), default=None, help="进或出；不写按场所的类别。")
@click.option("--unit", default="", help="重量单位；表里没有写时用，如 t、kg。")
@click.option("--source", default="", help="来源；表里没有这一列时用。")
@click.option("--dry-run", is_flag=True, help="只检查和预览，不保存。")
@click.option("--yes", is_flag=True, help="预览后不询问，直接入账。")
@click.option("--json", "as_json", is_flag=True, help="用 JSON 输出；不询问，须同时写 --yes 或 --dry-run。")
def import_(
    file: BinaryIO,
    site: str,
    username: str,
    device: str,
    direction: str | None,
    unit: str,
    source: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """检查一份过磅表（Excel、CSV），预览后整份入账：有一处问题就一张也不登记。"""
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json 不能询问，请同时写 --yes（入账）或 --dry-run（只检查）。")
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise click.BadParameter(f"没有在用的账号“{username}”。用 wufei user list 查看。", param_hint="--by")
    upload = imports.Upload(file.name.rpartition("/")[2], file.read(), site, device, direction or "", unit, source)
    try:
        with _steps(("读取", "识别表头", "核对", "核对完毕")) as progress:
            checked = imports.check_tickets(user=user, upload=upload, now=timezone.now(), progress=progress)
        if checked.findings:
            raise Refused(list(checked.findings))
        if not as_json:
            _show(preview.of_checked(checked, upload.name))
        told: dict[str, object] = {
            "file": upload.name, "tickets": len(checked.tickets), "new": len(checked.proven.rows),
            "already": checked.proven.already, "net_g": sum(t.weighing.net_g for t in checked.tickets),
            "notes": [note.as_dict() for note in checked.notes], "booked": False,
        }  # fmt: skip
        if not dry_run:
            if not yes:
                click.confirm("入账吗？", abort=True)
            with _steps(("读取", "识别表头", "核对", "入账", "已入账")) as progress:
                row = imports.import_tickets(user=user, upload=upload, at=timezone.now(), progress=progress)
            told |= {"booked": True, "import": row.pk, "new": row.tickets, "movements": row.movements}
    except Refused as error:
        if as_json:
            click.echo(json.dumps({"findings": [f.as_dict() for f in error.findings]}, ensure_ascii=False))
        else:
            _tell(error.findings)
            click.echo(f"{len(error.findings)} 处问题，一张也没有登记。", err=True)
        raise SystemExit(1) from None
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    elif dry_run:
        click.echo("只检查，没有保存。")
    else:
        click.echo(f"已入账：导入编号 {told['import']}，磅单 {told['new']} 张，台账 {told['movements']} 笔。")


@weighings.command("forget-files")
def forget_files() -> None:
    """删去检查过却一直没有入账的文件（过了多少天见 data/weighings/limits.json）。可反复运行。"""
    count = imports.forget_unaccepted(actor=ACTOR, at=timezone.now())
    click.echo(f"删去没有入账的文件 {count} 份。")
