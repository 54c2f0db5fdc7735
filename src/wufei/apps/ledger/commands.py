"""The command line of the ledger: ``wufei ledger …`` and ``wufei mass-balance``."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from wufei.core.findings import Finding, Refused
from wufei.core.ledger import SHANGHAI
from wufei.core.ledger_rules import field_names

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
LONGEST_ACTOR = 150
FIRST_YEAR, LAST_YEAR = 2000, 2099


def _short_enough(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if len(value) > LONGEST_ACTOR:
        raise click.BadParameter(f"有 {len(value)} 个字，最多 {LONGEST_ACTOR} 个。", context, parameter)
    return value


_ACTOR = click.option("--actor", default="command_line", callback=_short_enough, help="经办人，写入留痕。")


def _now() -> datetime:
    return datetime.now(tz=SHANGHAI)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _refuse(findings: list[Finding], *, as_json: bool) -> None:
    """Print every finding and leave with 1."""
    if as_json:
        _print_json({"booked": 0, "findings": [finding.as_dict() for finding in findings]})
    else:
        for finding in findings:
            where = f"第 {finding.line} 行" if finding.line is not None else "整个文件"
            name = field_names().get(finding.field, finding.field) or "-"
            click.echo(f"{where}\t{name}\t{finding.what}\t{finding.remedy}")
        click.echo(f"共 {len(findings)} 处问题，没有入账。", err=True)
    sys.exit(1)


def _must_be_known(place: str) -> None:
    """Stop where ``place`` is no division code, or one of which nothing is registered."""
    from wufei.apps.ledger import selectors
    from wufei.core.divisions import is_division_code

    if not is_division_code(place):
        raise click.BadParameter("应为 6、9 或 12 位行政区划代码，如 330523。", param_hint="--place")
    if not selectors.is_known_place(place):
        raise click.BadParameter(f"没有行政区划 {place}，也没有登记它的场所。请核对代码。", param_hint="--place")


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's stderr; silent in a pipe."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


@click.group()
def ledger() -> None:
    """产废一本账：记账、余额、核验、检查点、证明、结账。"""


@ledger.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_ACTOR
@_AS_JSON
def post(file: Path, actor: str, as_json: bool) -> None:
    """记账：读入 CSV、TSV 或 JSON Lines 文件，全部入账或全部不入账；重复提交只记一次。"""
    from wufei.apps.ledger.files import post_file

    raw = file.read_bytes()
    try:
        with _progress("记账", 2 * raw.count(b"\n") or None) as progress:
            receipt = post_file(file.name, raw, actor=actor, recorded_at=_now(), progress=progress)
    except Refused as refused:
        _refuse(refused.findings, as_json=as_json)
        return
    if as_json:
        _print_json({**asdict(receipt), "findings": []})
        return
    click.echo(f"入账 {receipt.booked} 笔，共 {receipt.mass_g} 克；此前已入账 {receipt.already} 笔。")
    if receipt.late:
        click.echo(f"其中 {receipt.late} 笔所属期间已结账，记入下一开放日。")


@ledger.command()
@click.argument("holder", required=False)
@click.option("--place", default=None, help="行政区划代码：列出该地全部持有者的余额。")
@_AS_JSON
def balance(holder: str | None, place: str | None, as_json: bool) -> None:
    """余额：一个持有者（如 site:A001）或一地（--place 330523）现存多少。"""
    from wufei.apps.ledger import selectors

    if holder is None and place is None:
        raise click.UsageError("请写明持有者，或用 --place 写明行政区划代码。")
    if place is not None:
        _must_be_known(place)
    rows = selectors.balances(holder=holder, division=place)
    if as_json:
        _print_json([asdict(row) for row in rows])
        return
    for row in rows:
        click.echo(f"{row.holder}\t{row.waste_code}\t{row.bucket_name}\t{row.method or '-'}\t{row.balance_g} 克")
    if not rows:
        click.echo("没有账户。")


@ledger.command()
@click.option("--proof", "code", default=None, help="记录编号或包装编码：输出可脱库核验的证明（JSON）。")
@click.option("--public-key", default=None, help="公布的公钥（64 位十六进制）；不写则用本机的。")
@_AS_JSON
def verify(code: str | None, public_key: str | None, as_json: bool) -> None:
    """核验：逐笔走完全部记录、链、余额、日流量与检查点。成立返回 0，否则返回 1 并指出第一处。"""
    from wufei.apps.ledger import checkpoints, verification, witnesses

    if code is not None:
        try:
            _print_json(checkpoints.prove(code))
        except checkpoints.NoProof as error:
            raise click.ClickException(str(error)) from None
        return
    with _progress("核验", verification.number_of_movements()) as progress:
        key = _key(public_key) or checkpoints.trusted_key()
        verdict = verification.verify(public_key=key, progress=progress)
    if key is None and verdict.checkpoints:
        verdict.problems.append("本机没有签名私钥，不知检查点由谁签名。请用 --public-key 写明公布的公钥。")
    verdict.problems += witnesses.missing_guards()
    if as_json:
        _print_json({**asdict(verdict), "holds": verdict.holds})
    elif verdict.holds:
        click.echo(f"成立：{verdict.movements} 笔，{verdict.holders} 条链，{verdict.checkpoints} 个检查点。")
    else:
        click.echo("不成立。第一处：" + verdict.first)
        for problem in verdict.problems[1:]:
            click.echo("　　其后：" + problem)
    sys.exit(0 if verdict.holds else 1)


def _key(text: str | None) -> bytes | None:
    try:
        key = bytes.fromhex(text or "")
    except ValueError:
        key = b"?"
    if len(key) not in {0, 32}:
        raise click.BadParameter("应为 64 位十六进制。", param_hint="--public-key")
    return key or None


@ledger.command()
def protect() -> None:
    """装上保护触发器：使账、留痕、签名、联单经过、外业记录不能改、不能删。"""
    from django.db import connection

    from wufei.apps import append_only

    for guards in append_only.every():
        guards.install(connection)
    click.echo("保护触发器已装上。")


@ledger.command()
@_ACTOR
@_AS_JSON
def checkpoint(actor: str, as_json: bool) -> None:
    """检查点：对全部链尾的默克尔根签名（Ed25519，私钥在 WUFEI_HOME/ledger-key）。"""
    from wufei.apps.ledger import checkpoints

    made = checkpoints.take_checkpoint(actor=actor, at=_now())
    if as_json:
        _print_json({**asdict(made), "root": made.root.hex(), "previous": made.previous.hex()})
        return
    click.echo(f"检查点 {made.number}：{made.holders} 条链，根 {made.root.hex()}。请公布此根。")


@ledger.command("check-proof")
@click.argument("file", type=click.File("rb"))
@click.option("--public-key", default=None, help="公布的公钥（64 位十六进制）；不写则用本机的。")
def check_proof_command(file: IO[bytes], public_key: str | None) -> None:
    """核对证明，默认用本机的公钥；在别的电脑上请用 wufei proof check。"""
    from wufei.apps.ledger import checkpoints
    from wufei.core.proof import check_proofs

    key = _key(public_key) or checkpoints.trusted_key()
    if key is None:
        raise click.UsageError("本机没有公钥，请用 --public-key 写明。")
    verdict = check_proofs(file.read(), public_key=key)
    if not verdict.holds:
        click.echo(f"证明不成立：{verdict.reason}{verdict.detail}")
        sys.exit(1)
    click.echo(f"证明成立：{len(verdict.movements)} 份。")


@ledger.command()
@click.argument("holder")
@click.option("--through", required=True, type=click.DateTime(["%Y-%m-%d"]), help="结账至哪一天（含）。")
@_ACTOR
def close(holder: str, through: datetime, actor: str) -> None:
    """结账：此后补报该期间的记录，记入结账日的次日并写明原因。"""
    from wufei.apps.ledger import services

    try:
        services.close_period(holder, through=through.date(), actor=actor, at=_now())
    except Refused as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{holder} 已结账至 {through.date()}。")


@click.command("mass-balance")
@click.option("--place", required=True, help="行政区划代码，如 330523。")
@click.option("--year", required=True, type=click.IntRange(FIRST_YEAR, LAST_YEAR), help="年份，如 2022。")
@click.option("--domain", default=None, help="领域，如 industrial、hazardous、household、construction。")
@_AS_JSON
def mass_balance(place: str, year: int, domain: str | None, as_json: bool) -> None:
    """一地一年的物质平衡：期初＋产生＋转入＝利用＋处置＋倾倒＋转出＋期末±差异；表中单位吨，JSON 中单位克。"""
    from wufei.apps.ledger import selectors
    from wufei.core.catalogue import DOMAINS

    _must_be_known(place)
    if domain is not None and domain not in DOMAINS:
        raise click.BadParameter(f"应为下列之一：{'、'.join(DOMAINS)}。", param_hint="--domain")
    result = selectors.mass_balance(place, year, domain)
    lines = [{**asdict(line), "residual_g": line.residual_g} for line in (*result.codes, result.total)]
    if as_json:
        total = {k: v for k, v in lines.pop().items() if k.endswith("_g")}
        head = {"place": place, "year": year, "domain": domain, "is_simulated": result.is_simulated}
        _print_json({**head, "codes": lines, "total": total})
        return
    _print_balance(place, year, lines, is_simulated=result.is_simulated)


def _print_balance(place: str, year: int, lines: list[dict[str, Any]], *, is_simulated: bool) -> None:
    """The identity as a table in tonnes; the last of ``lines`` is the total."""
    from wufei.apps.ledger.balance_page import TERMS
    from wufei.apps.ledger.listing import tonnes

    table = Table(
        title=f"{place} {year} 年物质平衡（吨）" + ("，含模拟数据" if is_simulated else ""), show_footer=True
    )
    total = lines.pop()
    table.add_column("代码", "合计", no_wrap=True)
    table.add_column("废物")
    for field, label, sign in TERMS:
        table.add_column(f"{sign}{label}", tonnes(total[field]), justify="right", no_wrap=True)
    for line in lines:
        table.add_row(line["waste_code"], line["name"], *(tonnes(line[field]) for field, _, _ in TERMS))
    console = Console()
    if not console.is_terminal:  # a file or a pipe has no width
        console = Console(width=220)
    console.print(table)
