"""What bears witness beside the chain: what is stated of holders, period closes, the fact log, and the triggers."""

from collections.abc import Callable

from django.db import connection

from wufei.apps import append_only
from wufei.apps.facts.models import Fact
from wufei.apps.ledger.stream import stream
from wufei.core.chain import stated_digest

Tell = Callable[[str], None]


def check_holders(tell: Tell) -> None:
    """What is stated of a holder, and the day to which its books are closed, must be what the services wrote."""
    closes = dict(stream("SELECT holder_id, MAX(through) FROM ledger_period_close GROUP BY 1"))
    sql = "SELECT id, key, division, category, name, is_simulated, stated, closed_through FROM ledger_holder"
    for number, key, division, category, name, is_simulated, stated, closed_through in stream(f"{sql} ORDER BY id"):
        if stated != stated_digest(key, division, category, name, is_simulated=bool(is_simulated)):
            tell(f"持有者“{key}”的行政区划、类别、名称或模拟标记与登记时不符。")
        if closes.pop(number, None) != closed_through:
            tell(f"持有者“{key}”的结账日与结账记录不符。")
    for number in closes:
        tell(f"有结账记录的持有者 {number} 不存在。")


def compare_facts(tell: Tell, batches: set[int], checkpoints: set[int]) -> None:
    """The fact log is a second witness: it names each batch and checkpoint, also one cut off at the end."""
    there = {"ledger_batch": batches, "ledger_checkpoint": checkpoints}
    verbs = "'post_movements', 'post_file', 'take_checkpoint'"
    sql = f"SELECT subject, recorded_at FROM {Fact._meta.db_table} WHERE verb IN ({verbs}) ORDER BY id"  # noqa: S608
    for subject, at in stream(sql):
        table, _, number = subject.partition(":")
        if not number.isdecimal() or int(number) not in there.get(table, ()):
            what = "检查点" if table == "ledger_checkpoint" else "批次"
            tell(f"留痕中有{what} {number}（{at}），账中没有：它被删除了，或留痕被更改。")


def missing_guards() -> list[str]:
    """A sentence where triggers that keep the tables append-only are gone."""
    tables = [table for guards in append_only.every() for table in guards.missing(connection)]
    if not tables:
        return []
    what = f"表 {'、'.join(tables)} 的保护触发器缺失或失效，记录可以被改删。"
    return [f"{what}请查明是谁去掉的，再运行 wufei ledger protect 装上。"]
