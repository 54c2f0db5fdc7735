"""The command line of the signatures: ``wufei signatures verify``."""

import json
import sys
from dataclasses import asdict

import click


@click.group()
def signatures() -> None:
    """电子签名：核验。"""


@signatures.command()
@click.option("--subject", default="", help="只核验一份文件，如 manifest:20263305000017。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def verify(subject: str, as_json: bool) -> None:
    """核验签名与所签内容；有不符的，说出第一条，退出码 1。"""
    from wufei.apps.signatures.verification import verify as walk

    found = walk(subject)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
    elif found.broken:
        click.echo(f"签名不符：{found.broken}。{found.why}", err=True)
        click.echo(f"此前 {found.checked} 条相符。请保留现场，核对备份，并报告管理员。", err=True)
    elif not found.checked:
        click.echo(f"“{subject}”没有签名。" if subject else "还没有签名。")
    else:
        click.echo(f"{found.checked} 条签名全部相符，其中 {found.with_content} 条连同所签内容一并核对。")
    sys.exit(1 if found.broken else 0)
