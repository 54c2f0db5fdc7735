"""Ten million random movements, the writer killed again and again: ``python -m benchmarks.crash``.

A writer books batch after batch and tells which one is durable. Its parent kills it (SIGKILL) at random moments and
starts another, which hands in again what was not told durable, and the batch before. At the end this must hold: each
movement is booked exactly once, the balances are those of a replay in plain Python, they sum to 0 g, and
``verify`` holds; then one byte of one stored movement is flipped, and ``verify`` must not hold.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

SITES, PLANTS, VEHICLES, DAYS = 60, 8, 10, 365
CODES = ("900-001-S17", "900-002-S17", "900-214-08")
RECORDED = datetime(2026, 1, 1, tzinfo=UTC)
BOUNDARY = "boundary:330523"

# (source, target, kind) by where the mass is: what may happen to it next.
NEXT = {
    "stored": [
        ("vehicle", "in_transit", "load"),
        ("same", "utilised", "utilise"),
        ("same", "disposed", "dispose"),
        ("same", "dumped", "dump"),
        ("same", "unexplained", "adjust"),
        (BOUNDARY, "outside", "send"),
    ],
    "in_transit": [("site", "stored", "unload")],
}


def random_rows(seed: int, number: int, size: int) -> list[tuple[object, ...]]:
    """Batch ``number``: holder, bucket, holder, bucket, code, grams, second, kind. The same every time.

    What a batch gives away it has made itself, so it can be booked whatever came before it.
    """
    chance = random.Random(f"{seed}-{number}")
    pick, below = chance.choice, chance.randrange
    held: list[list[object]] = []  # holder, bucket, code, grams
    rows: list[tuple[object, ...]] = []
    day = number * size // 30_000 % DAYS  # about 30,000 movements a day, told up to four days late
    while len(rows) < size:
        second = (day + below(5)) * 86_400 + below(86_400)
        if not held or below(3) == 0:
            site, code, mass_g = f"site:S{below(SITES):03}", pick(CODES), 1 + below(10**8)
            rows.append((site, "generated", site, "stored", code, mass_g, second, "generate"))
            held.append([site, "stored", code, mass_g])
            continue
        place = below(len(held))
        holder, bucket, code, there_g = held[place]
        assert isinstance(there_g, int)
        assert isinstance(bucket, str)
        mass_g = there_g if there_g < 2 or below(2) else 1 + below(there_g)
        to, to_bucket, kind = pick(NEXT[bucket])
        if to == "vehicle":
            target: object = f"vehicle:V{below(VEHICLES):02}"
        elif to == "site":
            target = f"site:P{below(PLANTS):02}"
        else:
            target = holder if to == "same" else to
        rows.append((holder, bucket, target, to_bucket, code, mass_g, second, kind))
        if mass_g == there_g:
            held[place] = held[-1]
            held.pop()
        else:
            held[place][3] = there_g - mass_g
        if to_bucket in NEXT:
            held.append([target, to_bucket, code, mass_g])
    return rows


def write(seed: int, first: int, batches: int, size: int) -> None:
    """The writer: book batches and print the number of each as soon as it is durable."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
    import django

    django.setup()
    from wufei.apps.ledger import services
    from wufei.core.ledger import Account, Bucket
    from wufei.core.ledger_rules import SECOND_US, Batch, to_us

    begin = to_us(datetime(2022, 1, 1, tzinfo=UTC))
    for number in range(first, batches):
        rows = random_rows(seed, number, size)
        accounts: dict[tuple[object, ...], int] = {}
        source = [accounts.setdefault((r[0], r[4], r[1]), len(accounts)) for r in rows]
        target = [accounts.setdefault((r[2], r[4], r[3]), len(accounts)) for r in rows]
        n = len(rows)
        batch = Batch(
            accounts=[Account(str(h), str(code), Bucket(bucket)) for h, code, bucket in accounts],
            source=source,
            target=target,
            mass_g=[r[5] for r in rows],  # type: ignore[misc]
            occurred_us=[begin + r[6] * SECOND_US for r in rows],  # type: ignore[operator]
            kind=[str(r[7]) for r in rows],
            document=[f"weighing:{number}"] * n,
            key=[f"crash-{number:07}-{i:06}" for i in range(n)],
            count=[None] * n,
            package=[""] * n,
            basis=["weighed"] * n,
            basis_ref=[""] * n,
            uncertainty_ppm=[None] * n,
            reverses=[""] * n,
            reason=[""] * n,
        )
        receipt = services.post_batch(batch, actor="crash", recorded_at=RECORDED)
        assert receipt.booked in {0, n}, "a batch was booked in part"
        assert receipt.booked + receipt.already == n
        print(number, flush=True)


class Writer:
    """The writer's process, seen from its parent."""

    def __init__(self, arguments: list[str], first: int) -> None:
        command = [sys.executable, "-m", "benchmarks.crash", "--role", "writer", "--first", str(first), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def follow(self, until: int) -> int:
        """Read what is told durable up to a batch; the last number, or -1 when the writer is done before."""
        assert self.process.stdout is not None
        last = -1
        for line in self.process.stdout:
            last = int(line)
            if last >= until:
                break
        return last

    def kill(self) -> int:
        """SIGKILL; returns the last number that had been told, or -1."""
        self.process.send_signal(signal.SIGKILL)
        assert self.process.stdout is not None
        told = [int(line) for line in self.process.stdout.read().splitlines() if line]
        self.process.wait()
        return told[-1] if told else -1


def run(seed: int, batches: int, size: int, kills: int) -> int:
    """Write everything, with kills on the way; returns how many processes were killed while at work."""
    chance = random.Random(seed)
    arguments = ["--seed", str(seed), "--batches", str(batches), "--batch-size", str(size)]
    durable, done = -1, 0
    for moment in sorted(chance.randrange(batches) for _ in range(kills)):
        writer = Writer(arguments, max(0, durable))
        durable = max(durable, writer.follow(moment))
        time.sleep(chance.random() * 0.4)
        durable = max(durable, writer.kill())
        done += writer.process.returncode == -signal.SIGKILL
    writer = Writer(arguments, max(0, durable))
    writer.follow(batches)
    assert writer.process.wait() == 0
    return done


def check(seed: int, batches: int, size: int) -> dict[str, object]:
    """Compare the books with a replay in plain Python, verify, flip a byte and verify again."""
    from django.db import connection

    from wufei.apps.ledger import verification
    from wufei.apps.ledger.guards import GUARDS
    from wufei.apps.ledger.models import AccountRecord, MovementRecord

    expected: dict[str, int] = defaultdict(int)
    for number in range(batches):
        for source, bucket, target, to_bucket, code, mass_g, _, _ in random_rows(seed, number, size):
            assert isinstance(mass_g, int)
            expected[f"{source}|{code}|{bucket}|"] -= mass_g
            expected[f"{target}|{code}|{to_bucket}|"] += mass_g
    booked = dict(AccountRecord.objects.values_list("name", "balance_g"))
    movements = MovementRecord.objects.count()
    begin = time.perf_counter()
    verdict = verification.verify()
    took = time.perf_counter() - begin
    victim = MovementRecord.objects.order_by("id")[movements * 2 // 3]
    document = victim.document.encode()
    flipped = (bytes([document[0] ^ 1]) + document[1:]).decode()
    GUARDS.remove(connection)
    MovementRecord.objects.filter(id=victim.id).update(document=flipped)
    after = verification.verify()
    MovementRecord.objects.filter(id=victim.id).update(document=victim.document)
    GUARDS.install(connection)
    return {
        "movements": movements,
        "movements_expected": batches * size,
        "residual_g": sum(booked.values()),
        "balances_equal_replay": booked == dict(expected),
        "chain_holds": verdict.holds,
        "first_problem": verdict.problems[:1],
        "verify_per_s": round(movements / took),
        "flipped_byte_found": not after.holds and victim.key in after.problems[0],
    }


def main() -> None:
    """Run the whole, or the writer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movements", type=int, default=10_000_000)
    parser.add_argument("--batch-size", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--role", choices=["parent", "writer"], default="parent", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--batches", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role == "writer":
        write(options.seed, options.first, options.batches, options.batch_size)
        return
    batches = -(-options.movements // options.batch_size)
    with tempfile.TemporaryDirectory(prefix="wufei-crash-") as home:
        os.environ.setdefault("WUFEI_HOME", home)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from wufei.apps.ledger import services
        from wufei.core.ledger import Holder

        call_command("migrate", verbosity=0)
        keys = [f"site:S{n:03}" for n in range(SITES)] + [f"site:P{n:02}" for n in range(PLANTS)]
        keys += [f"vehicle:V{n:02}" for n in range(VEHICLES)] + [BOUNDARY]
        services.register_holders([Holder(key, "330523", "test", key, is_simulated=True) for key in keys])
        connection.close()
        begin = time.perf_counter()
        killed = run(options.seed, batches, options.batch_size, options.kills)
        took = time.perf_counter() - begin
        result = {"database": connection.vendor, "kills": killed, "seconds_writing": round(took, 1)}
        result |= check(options.seed, batches, options.batch_size)
        size = Path(home, "wufei.sqlite3")
        result["file_bytes"] = size.stat().st_size if size.exists() else None
        connection.close()
    print(json.dumps(result, ensure_ascii=False))
    good = result["balances_equal_replay"] and result["chain_holds"] and result["flipped_byte_found"]
    sys.exit(0 if good and result["residual_g"] == 0 and result["movements"] == batches * options.batch_size else 1)


if __name__ == "__main__":
    main()
