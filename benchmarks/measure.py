"""All measurements on the database that the environment names."""

import argparse
import json
import os
import statistics
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks.ceiling import Ceiling  # noqa: E402
from benchmarks.workload import RECORDED, County  # noqa: E402
from wufei.apps.ledger import services, verification  # noqa: E402
from wufei.apps.ledger.queue import PostingQueue  # noqa: E402
from wufei.core.ledger import Movement  # noqa: E402
from wufei.core.ledger_rules import Batch, from_us  # noqa: E402


def tell(what: str, **figures: object) -> None:
    """Print one measurement."""
    print(json.dumps({"what": what, "database": connection.vendor, **figures}, ensure_ascii=False), flush=True)


def movements_of(batch: Batch) -> list[Movement]:
    """The batch as the values that the friendly service takes."""
    rows = zip(
        batch.source,
        batch.target,
        batch.mass_g,
        batch.occurred_us,
        batch.kind,
        batch.document,
        batch.key,
        strict=True,
    )
    return [
        Movement(batch.accounts[s], batch.accounts[t], mass_g, from_us(us), kind, document, key)
        for s, t, mass_g, us, kind, document, key in rows
    ]


def in_batches(county: County, ceiling: Ceiling, size: int, batches: int, what: str, *, as_values: bool) -> None:
    """Post and insert in turn; medians, so that a pause of the machine does not decide."""
    own, raw = [], []
    for batch in county.batches(size, batches):
        movements = movements_of(batch) if as_values else []
        begin = perf_counter()
        if as_values:
            receipt = services.post(movements, actor="bench", recorded_at=RECORDED)
        else:
            receipt = services.post_batch(batch, actor="bench", recorded_at=RECORDED)
        own.append(perf_counter() - begin)
        assert receipt.batch is not None
        rows = ceiling.prepare(receipt.batch)
        begin = perf_counter()
        ceiling.insert(rows)
        raw.append(perf_counter() - begin)
    tell(
        what,
        batch_size=size,
        batches=batches,
        movements_per_s=round(size / statistics.median(own)),
        movements_per_s_mean=round(size * batches / sum(own)),
        ceiling_per_s=round(size / statistics.median(raw)),
        ratio=round(statistics.median(raw) / statistics.median(own), 3),
    )


def one_by_one(county: County, ceiling: Ceiling, count: int) -> None:
    """One durable commit a movement, by one thread."""
    singles = [movements_of(batch) for batch in county.batches(1, count)]
    # A movement of one kind a batch: the first of each trip, so that nobody is overdrawn.
    begin = perf_counter()
    receipts = [services.post(single, actor="bench", recorded_at=RECORDED) for single in singles]
    own = perf_counter() - begin
    prepared = [ceiling.prepare(receipt.batch) for receipt in receipts if receipt.batch is not None]
    begin = perf_counter()
    for rows in prepared:
        ceiling.insert(rows)
    raw = perf_counter() - begin
    tell(
        "one_by_one",
        movements=count,
        movements_per_s=round(count / own),
        ceiling_per_s=round(count / raw),
        ratio=round(raw / own, 3),
    )
    own_alone = raw
    threads = 32
    more = [movements_of(batch) for batch in county.batches(1, count * 4)]
    with PostingQueue(lambda: RECORDED) as queue, ThreadPoolExecutor(threads) as pool:
        begin = perf_counter()
        list(pool.map(lambda single: queue.post(single, actor="bench"), more))
        own = perf_counter() - begin
    tell(
        "one_by_one_queue",
        threads=threads,
        movements=len(more),
        movements_per_s=round(len(more) / own),
        ceiling_per_s=round(count / own_alone),
        ratio=round(own_alone / count * len(more) / own, 3),
    )


def verify() -> None:
    """Walk everything that the measurements have booked."""
    begin = perf_counter()
    verdict = verification.verify()
    assert verdict.holds, verdict.problems
    took = perf_counter() - begin
    tell("verify", movements=verdict.movements, movements_per_s=round(verdict.movements / took))


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=10)
    batches = parser.parse_args().batches
    call_command("migrate", verbosity=0)
    ceiling = Ceiling()
    county = County(500, seed=1, per_day=10_000)
    services.register_holders(county.holders())
    services.post_batch(next(county.batches(1_000, 1)), actor="bench", recorded_at=RECORDED)  # warm
    for size in (1_000, 10_000, 50_000):
        in_batches(county, ceiling, size, batches, "batch", as_values=False)
    in_batches(county, ceiling, 10_000, batches, "batch_of_values", as_values=True)
    dispersed = County(500, seed=2, per_day=10_000, is_dispersed=True)
    dispersed.key_prefix = "dispersed"
    in_batches(dispersed, ceiling, 10_000, batches, "batch_dispersed", as_values=False)
    one_by_one(county, ceiling, 1_000)
    verify()


if __name__ == "__main__":
    main()
