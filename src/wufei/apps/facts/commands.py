"""The command line of the fact log: ``wufei facts``, for the keeper of the machine."""

import json

import click
from django.utils import timezone
from django.utils.timezone import localtime

from wufei.apps.facts.models import Fact
from wufei.apps.facts.selectors import facts_after, verb_names


@click.command()
@click.option("--after", type=click.IntRange(0), default=0, help="从这个编号之后读起。")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="至多读几条。")
@click.option("--verb", "verbs", multiple=True, help="只读这种动作，可写多次，如 --verb take_checkpoint。")
@click.option("--json", "as_json", is_flag=True, help="每行输出一条 JSON。")
def facts(after: int, limit: int, verbs: tuple[str, ...], as_json: bool) -> None:
    """留痕：按先后列出谁在何时做了什么；不属于任何一地的（载入基础数据、签发检查点）只在这里看得到。"""
    for fact in facts_after(after, until=timezone.now(), limit=limit, verbs=verbs):
        click.echo(json.dumps(_as_dict(fact), ensure_ascii=False) if as_json else _as_text(fact))


def _as_dict(fact: Fact) -> dict[str, object]:
    names = ("actor", "verb", "subject", "division", "document", "before", "after")
    return {"id": fact.pk, "recorded_at": localtime(fact.recorded_at).isoformat()} | {
        name: getattr(fact, name) for name in names
    }


def _as_text(fact: Fact) -> str:
    at = f"{localtime(fact.recorded_at):%Y-%m-%d %H:%M:%S}"
    what = verb_names().get(fact.verb, fact.verb)
    return "\t".join([str(fact.pk), at, fact.actor, what, fact.subject, fact.division or "-", fact.document or "-"])
