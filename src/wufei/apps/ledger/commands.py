"""The command line of the ledger: ``wufei ledger …`` and ``wufei mass-balance``."""

import json
from dataclasses import asdict

import click

from wufei.core.ledger import BalanceLine, MassBalance


@click.group()
def ledger() -> None:
    """产废一本账：记账、余额、核验、检查点、证明、结账。"""


def _line_json(line: BalanceLine) -> dict[str, object]:
    return {**asdict(line), "residual_g": line.residual_g}


def _balance_json(balance: MassBalance) -> dict[str, object]:
    return {
        "place": balance.place,
        "year": balance.year,
        "domain": balance.domain,
        "is_simulated": balance.is_simulated,
        "codes": [_line_json(line) for line in balance.codes],
        "total": {k: v for k, v in _line_json(balance.total).items() if k not in {"waste_code", "name", "domain"}},
    }


@click.command("mass-balance")
@click.option("--place", required=True, help="行政区划代码，如 330523。")
@click.option("--year", required=True, type=int)
@click.option(
    "--domain", default=None, help="领域：industrial、hazardous、household、construction、agricultural、recyclables。"
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def mass_balance(place: str, year: int, domain: str | None, as_json: bool) -> None:
    """一地一年的物质平衡：期初＋产生＋转入＝利用＋处置＋倾倒＋转出＋期末±差异，单位克。"""
    from wufei.apps.ledger import selectors

    balance = selectors.mass_balance(place, year, domain)
    if as_json:
        click.echo(json.dumps(_balance_json(balance), ensure_ascii=False, indent=1))
        return
    click.echo(json.dumps(_balance_json(balance), ensure_ascii=False))
