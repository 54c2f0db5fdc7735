"""A manifest's whole day, killed between any two statements: ``python -m benchmarks.crash_day``.

Each step of ``day_world.day`` is a request. A process does one and is killed (SIGKILL) ahead of its statement N, for
every N, and once more after the last one, before the client has its answer. Then a fresh process must find the books,
chains, stages, packages, numbers and signatures whole, and all of the step or nothing of it; the client, which knows
only what it was answered, sends the step before and the interrupted one again under the same keys and ends the day;
and the end must be that of the undisturbed day, to the gram. It makes databases of its own, beside ``DATABASE_URL``.

Options: ``--every K`` kills at every K-th statement and beside each COMMIT. One line of JSON; exit 1 on a fault.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from benchmarks.disposable import Countdown, Failed, Stores, Watch, in_child, stores


class Day:
    """The undisturbed day: before each step a copy of the database, after it what stood there and was kept."""

    def __init__(self, databases: Stores) -> None:
        from benchmarks.day_world import HELD, day, held, make_firms
        from wufei.core.ledger import SHANGHAI

        self.databases = databases
        databases.create("day")
        databases.open("day")
        self.world = in_parent(make_firms)
        self.steps = day(self.world, datetime.now(SHANGHAI) - timedelta(hours=20))
        databases.create("warm", copy_of="day")
        databases.open("warm")
        in_parent(self._warm_up)
        databases.open("day")
        self.standing: list[Any] = []  # before each step, and at the end
        self.kept: list[dict[str, Any]] = [{}]  # known before each step, and at the end
        self.counts: list[int] = []  # statements of each step
        self.commits: list[list[int]] = []  # the places of its COMMITs
        for number in range(len(self.steps)):
            self.standing.append(in_child(self._look)[1])
            databases.create(f"before{number}", copy_of="day")  # closes all connections
            databases.open("day")
            _, (count, commits, kept) = in_child(lambda number=number: self._count(number))
            self.counts.append(count)
            self.commits.append(commits)
            self.kept.append(kept)
        self.standing.append(in_child(self._look)[1])
        assert in_child(held)[1] == HELD, "the undisturbed day does not end as reckoned by hand"

    def _warm_up(self) -> None:
        """The day in this process, so that each child is born with all that is read and imported once."""
        kept: dict[str, Any] = {}
        for number in range(len(self.steps)):
            self.do(number, kept)
        self._look()

    def _look(self) -> Any:
        from benchmarks.day_world import invariants, standing

        assert not (found := invariants()), found
        return standing()

    def _count(self, number: int) -> tuple[int, list[int], dict[str, Any]]:
        """Do a step, counting its statements."""
        commits: list[int] = []
        counting = Countdown()

        def commit(text: str) -> None:
            if text == "COMMIT":
                commits.append(counting.seen)

        kept = dict(self.kept[number])
        with Watch(counting, commit):
            self.do(number, kept)
        return counting.seen, commits, kept

    def do(self, number: int, kept: dict[str, Any]) -> bool:
        """A step as the client does it, under its key."""
        from benchmarks.day_world import do

        return do(self.world, self.steps[number], kept, f"day-{number}")

    def places(self, every: int, offset: int, commits: int) -> Iterator[tuple[int, int]]:
        """(step, statements that it may still do) of each kill."""
        at = offset
        for number, count in enumerate(self.counts):
            near = {*self.commits[number], count} if number % commits == 0 else set()
            for left in range(count + 1):
                if at % every == 0 or left in near:
                    yield number, left
                at += 1


def in_parent(work: Any) -> Any:
    """Do something in this process, which warms it up, and let no connection stay open."""
    from django.db import connections

    from wufei.config.ready import ensure_ready

    ensure_ready()
    value = work()
    connections.close_all()
    return value


def kill_once(day: Day, number: int, left: int) -> dict[str, Any]:
    """Kill step ``number`` after ``left`` statements, look, resume; raises where anything is not as it must be."""
    databases = day.databases
    databases.create("killed", copy_of=f"before{number}")
    databases.open("killed")

    def killed() -> None:
        countdown = Countdown(left)
        with Watch(countdown):
            day.do(number, dict(day.kept[number]))
            countdown()  # after the last statement: the client never has its answer

    lived, _ = in_child(killed)

    def resume() -> dict[str, Any]:
        from benchmarks.day_world import invariants, standing

        assert not (found := invariants()), found
        now = standing()
        is_done = now == day.standing[number + 1]
        if not is_done:
            assert now == day.standing[number], f"half done: {differences(now, day.standing[number])}"
        kept = dict(day.kept[max(number - 1, 0)])
        for again in range(max(number - 1, 0), len(day.steps)):
            replayed = day.do(again, kept)
            assert replayed == (again < number or (again == number and is_done)), (again, replayed)
        assert not (found := invariants()), found
        end = standing()
        assert end == day.standing[-1], f"another end: {differences(end, day.standing[-1])}"
        return {"done": is_done}

    return {"killed": not lived, **in_child(resume)[1]}


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What two states of the database do not have in common, cut short."""
    return {name: [str(part)[:600] for part in (one[name], other[name])] for name in one if one[name] != other[name]}


def run(every: int, offset: int = 0, commits: int = 1) -> dict[str, Any]:
    """Kill the day at the chosen places; what was seen."""
    from django.db import connection

    begin = time.perf_counter()
    faults: list[str] = []
    kills = done = 0
    with stores() as databases:
        day = Day(databases)
        prepared = time.perf_counter() - begin
        for number, left in day.places(every, offset, commits):
            step = day.steps[number]
            try:
                told = kill_once(day, number, left)
            except Failed as error:
                faults.append(f"{step.path} after {left} statements: {error}")
                print(faults[-1], file=sys.stderr, flush=True)
                continue
            kills += told["killed"]
            done += told["done"]
    return {
        "what": "a day killed between two statements", "database": connection.vendor, "steps": len(day.steps),
        "statements": sum(day.counts), "kills": kills, "of_these_committed": done, "faults": faults,
        "seconds_preparing": round(prepared, 1), "seconds": round(time.perf_counter() - begin, 1),
    }  # fmt: skip


def main() -> None:
    """Kill and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="kill at every K-th statement")
    parser.add_argument("--commits", type=int, default=1, help="and on both sides of the COMMITs of every K-th step")
    parser.add_argument("--offset", type=int, default=0, help="begin so many statements on")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wufei-crash-day-") as home:
        os.environ["WUFEI_HOME"] = home
        os.environ.setdefault("WUFEI_LOG", "ERROR")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
        import django

        django.setup()
        told = run(options.every, options.offset, options.commits)
    print(json.dumps(told, ensure_ascii=False))
    sys.exit(1 if told["faults"] or not told["kills"] else 0)


if __name__ == "__main__":
    main()
