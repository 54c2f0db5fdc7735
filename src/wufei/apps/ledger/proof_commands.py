"""``wufei proof CODE`` makes a proof; ``wufei proof check FILE`` checks one without database and network."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO

import click

from wufei.core.chain import BadProof, Checkpoint
from wufei.core.form_fields import tonnes_text
from wufei.core.ledger import SHANGHAI
from wufei.core.ledger_rules import bucket_names, kinds
from wufei.core.proof import STEPS, Verdict, check_proofs, read_checkpoints, read_key


class _CodeOrCommand(click.Group):
    """What is not the name of a subcommand is the code to prove."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["of", *args])


@click.group(cls=_CodeOrCommand, subcommand_metavar="CODE | check FILE")
def proof() -> None:
    """证明：CODE（记录编号、包装编码或联单编号）输出可脱库核对的证明；check FILE 在任何电脑上核对。"""


@proof.command("of", hidden=True)
@click.argument("code")
def of(code: str) -> None:
    """输出证明（JSON）。"""
    from wufei.apps.ledger import checkpoints

    try:
        click.echo(json.dumps(checkpoints.prove(code), ensure_ascii=False, indent=1))
    except checkpoints.NoProof as error:
        raise click.ClickException(str(error)) from None


def _public_key(context: click.Context, parameter: click.Parameter, value: str | None) -> bytes | None:
    """The key itself, or what the file of this name holds."""
    if not value:
        return None
    path = Path(value)
    try:
        return read_key(path.read_text(encoding="utf-8") if path.is_file() else value)
    except (ValueError, OSError):
        raise click.BadParameter("应为 64 位十六进制，或装有它的文件。", context, parameter) from None


@proof.command()
@click.argument("file", type=click.File("rb"))
@click.option("--public-key", callback=_public_key, help="公布的公钥（64 位十六进制），或装有它的文件。")
@click.option(
    "--checkpoints", type=click.File("r", encoding="utf-8"), help="公布的检查点清单（checkpoints.jsonl），一并核对。"
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def check(file: IO[bytes], public_key: bytes | None, checkpoints: IO[str] | None, as_json: bool) -> None:
    """核对证明：只用证明文件与公钥，不用数据库，不联网。成立返回 0，否则返回 1。"""
    try:
        published = _published(checkpoints, public_key)
        verdict = check_proofs(file.read(), public_key=public_key, published=published)
    except BadProof as error:
        verdict = Verdict(holds=False, step=error.step, reason=STEPS[error.step], detail=str(error))
    if as_json:
        click.echo(json.dumps(asdict(verdict), ensure_ascii=False, indent=1, default=str))
    else:
        _tell(verdict)
    sys.exit(0 if verdict.holds else 1)


def _published(lines: IO[str] | None, public_key: bytes | None) -> dict[int, Checkpoint] | None:
    return None if lines is None else read_checkpoints(lines.read().splitlines(), public_key=public_key)


def _place(account: str) -> str:
    """An account as a reader wants it: who holds it, the waste, in what state."""
    holder, code, bucket, *_ = [*account.split("|"), "", ""]
    return f"{holder}（{code}，{bucket_names().get(bucket, bucket)}）"


def _tell(verdict: Verdict) -> None:
    """Print what was proven, the verdict, and on stderr what to mind."""
    for m in verdict.movements:
        at = m.occurred_at.astimezone(SHANGHAI).isoformat(timespec="seconds")
        kind = kinds()[m.kind].name if m.kind in kinds() else m.kind
        way = f"{_place(m.source)} → {_place(m.target)}"
        click.echo(
            f"{at}  {kind}  {way}  {tonnes_text(m.mass_g)} 吨（{m.mass_g} 克）  {m.key}  检查点 {m.checkpoint}"
        )
    if not verdict.holds:
        which = f"第 {verdict.failed} 份：" if verdict.failed else ""
        click.echo(f"证明不成立。{which}{verdict.reason}")
        click.echo(f"技术细节：{verdict.detail}", err=True)
        return
    click.echo(f"证明成立：{len(verdict.movements)} 份，公钥 {verdict.public_key}。")
    if not verdict.is_key_given:
        click.echo(
            "注意：没有给定公钥，用的是证明自带的公钥，只能说明证明自身完整，不能说明是谁签的。"
            "请与平台 /transparency/ 公布的公钥比对，或用 --public-key 写明。",
            err=True,
        )
