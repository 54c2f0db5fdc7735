"""The command line of the field: ``wufei field …``."""

import json
import sys
from typing import IO

import click
from django.utils import timezone
from django.utils.timezone import localtime

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="输出 JSON。")


@click.group()
def field() -> None:
    """外业：手机、号段与待处理的记录。"""


@field.command()
@click.option("--all", "all_blocks", is_flag=True, help="也列出已结清的。")
@_AS_JSON
def blocks(all_blocks: bool, as_json: bool) -> None:
    """号段：每段用了几个、缺哪些、哪些用了两次；有缺号或重号时返回 1。"""
    from wufei.apps.field.models import NumberBlock
    from wufei.apps.field.selectors import block_rows

    rows = NumberBlock.objects.all() if all_blocks else NumberBlock.objects.filter(closed_at=None)
    found = block_rows(rows.order_by("key", "first"))
    if as_json:
        names = (
            "first",
            "last",
            "device_code",
            "size",
            "used",
            "spoiled",
            "returned",
            "lost",
            "open",
            "gaps",
            "twice",
        )
        click.echo(json.dumps([{n: getattr(r, n) for n in names} for r in found], ensure_ascii=False, indent=1))
    else:
        for row in found:
            counts = f"已用 {row.used}，作废 {row.spoiled}，退回 {row.returned}，报失 {row.lost}，未用 {row.open}"
            click.echo(f"{row.first} 至 {row.last}\t{row.device}（{row.device_code}）\t{row.state}\t{counts}")
            if row.gaps:
                click.echo(f"　　缺号：{row.gaps}")
            if row.twice:
                click.echo(f"　　重号：{row.twice}")
        click.echo(f"共 {len(found)} 段。" if found else "没有未结清的号段。")
    sys.exit(1 if any(row.gaps or row.twice for row in found) else 0)


@field.command()
@click.argument("number")
def proof(number: str) -> None:
    """证明：这个号码所在号段中每个号码的去向（JSON），可脱库核验。"""
    from wufei.apps.field.blocks import find_block
    from wufei.apps.field.services import proof_of

    record, _ = find_block(number)
    if record is None:
        raise click.ClickException(f"号码“{number}”不在任何已发的号段中。请核对。")
    click.echo(json.dumps(proof_of(record), ensure_ascii=False, indent=1))


@field.command("check-proof")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--public-key", default=None, help="公布的公钥（64 位十六进制）；不写则用本机的。")
def check_proof_command(file: IO[str], public_key: str | None) -> None:
    """核对号段证明：只用证明文件与公钥，不看数据库。成立返回 0，否则返回 1。"""
    from wufei.apps.ledger.checkpoints import trusted_key
    from wufei.core.number_block import BadProof, check_proof

    try:
        key = bytes.fromhex(public_key) if public_key else trusted_key()
    except ValueError:
        raise click.BadParameter("应为 64 位十六进制。", param_hint="--public-key") from None
    if key is None:
        raise click.UsageError("本机没有公钥，请用 --public-key 写明。")
    try:
        found = json.load(file)
        if not isinstance(found, dict):
            raise BadProof("The file holds no proof.")
        block = check_proof(found, public_key=key)
    except (ValueError, RecursionError) as error:
        click.echo(f"不成立：{error}")
        sys.exit(1)
    click.echo(f"成立：{block.number(block.first)} 至 {block.number(block.last)}，每个号码有且只有一个去向。")


@field.command()
def apply() -> None:
    """处理：把收到而还没有处理的、等待前一步的记录再处理一遍。"""
    from wufei.apps.field.models import FieldDevice
    from wufei.apps.field.services import apply_events

    rows = FieldDevice.objects.filter(events__outcome__state__in=["received", "waiting"]).distinct()
    done = sum(apply_events(device, at=timezone.now()) for device in rows)
    click.echo(f"处理了 {done} 条记录。")


@field.command()
@_AS_JSON
def cures(as_json: bool) -> None:
    """待处理：手机送来、规则不许或号码冲突的记录，各有原因。"""
    from wufei.apps.field.models import OPEN_STATES, FieldOutcome

    rows = FieldOutcome.objects.filter(state__in=OPEN_STATES).select_related("event__device").order_by("pk")
    found = [
        {
            "event": row.pk,
            "device": row.event.device.code,
            "at": localtime(row.event.device_at).isoformat(timespec="seconds"),
            "type": row.event.type,
            "state": row.state,
            "number": row.number,
            "findings": row.findings,
        }
        for row in rows.iterator(chunk_size=500)
    ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for row in found:
        why = " ".join(str(f["what"]) for f in row["findings"])
        click.echo(f"{row['event']}\t{row['device']}\t{row['at']}\t{row['type']}\t{row['number'] or '-'}\t{why}")
    click.echo(f"共 {len(found)} 条。" if found else "没有要处理的记录。")
