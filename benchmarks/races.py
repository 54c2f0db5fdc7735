"""Two clients at once: ``python -m benchmarks.races``. Each of two processes has a connection of its own.

A race is a state of affairs and two acts on it, let go at one moment, with a short random sleep before some of their
statements. Then as many must have won as the rules let win, whoever lost must have been told what to do (a problem
422 or 409, never a 5xx), and everything of ``day_world.invariants`` must hold. It makes a database of its own,
beside ``DATABASE_URL``. Options: ``--rounds N`` times each, ``--only NAME``, ``--seed``. One line of JSON;
exit 1 on a fault.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from typing import Any

from benchmarks import race_scenes  # noqa: F401 - enters the races
from benchmarks.disposable import Watch, stores
from benchmarks.race_calls import CALLS
from benchmarks.race_stage import RACES, Act, Race, Stage


def perform(world: Any, act: Act) -> dict[str, Any]:
    """Do an act; what it was answered, whether it won, whether it had been done before."""
    from benchmarks.day_world import send
    from wufei.core.findings import Refused

    if act.call:
        try:
            return {"status": 200, "won": True, "again": False, "body": CALLS[act.call](world, act)}
        except Refused as refused:
            told = [{"detail": f.what, "remedy": f.remedy, "code": f.code} for f in refused.findings]
            return {"status": 422, "won": False, "again": False, "body": {"errors": told}}
        except Exception:  # noqa: BLE001 - whatever it is, the page would answer 500
            return {"status": 500, "won": False, "again": False, "body": {"detail": traceback.format_exc()}}
    key = act.key or f"race-{random.getrandbits(64)}"
    for _ in range(5):
        status, body, again = send(world, act.who, act.method, act.path, act.body, key)
        if not (status == 409 and body.get("code") == "busy"):
            break
        time.sleep(0.1)  # as the client does, under the same key
    return {"status": status, "won": status < 400, "again": again, "body": body}


class Runner:
    """One of the two processes; it waits for an act and a moment to begin it."""

    def __init__(self, world: Any, seed: str) -> None:
        asking, self.ask = os.pipe()
        self.answer, answering = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.ask)
            os.close(self.answer)
            try:
                self._serve(world, os.fdopen(asking), os.fdopen(answering, "w"), random.Random(seed))
            finally:
                os._exit(0)
        os.close(asking)
        os.close(answering)
        self.told = os.fdopen(self.answer)
        self.asked = os.fdopen(self.ask, "w")

    @staticmethod
    def _serve(world: Any, asked: Any, told: Any, chance: random.Random) -> None:
        random.seed(chance.random())

        def sometimes_sleep() -> None:
            if chance.random() < 0.15:
                time.sleep(chance.random() * 0.004)

        with Watch(sometimes_sleep):
            for line in asked:
                moment, act = json.loads(line)
                time.sleep(max(0.0, moment - time.time()))
                told.write(json.dumps(perform(world, Act(**act)), default=str, ensure_ascii=False) + "\n")
                told.flush()

    def begin(self, act: Act, moment: float) -> None:
        """Hand over an act."""
        self.asked.write(json.dumps([moment, act.__dict__], ensure_ascii=False) + "\n")
        self.asked.flush()

    def end(self) -> dict[str, Any]:
        """What came of it."""
        answer: dict[str, Any] = json.loads(self.told.readline())
        return answer

    def close(self) -> None:
        """Let the process end."""
        self.asked.close()
        self.told.close()
        os.waitpid(self.pid, 0)


def judge(name: str, told: list[dict[str, Any]], ran: Race) -> list[str]:
    """What is wrong with the answers of a race."""
    found = []
    shown = [(t["status"], str(t["body"])[-900:]) for t in told]
    wins = sum(t["won"] for t in told)
    if wins not in ran.wins:
        found.append(f"{name}: {wins} won: {shown}")
    for answer in told:
        if not answer["won"]:
            errors = answer["body"].get("errors") or [answer["body"]]
            is_helpful = all(error.get("remedy") or error.get("detail", "").endswith("。") for error in errors)
            if answer["status"] not in (409, 422) or not is_helpful:
                found.append(f"{name}: the loser was told {answer['status']} {str(answer['body'])[-1500:]}")
    if not found and (wrong := ran.check(told)):
        found.append(f"{name}: {wrong}")
    return found


def run(rounds: int, seed: int, only: str = "") -> dict[str, Any]:
    """Run all races ``rounds`` times; what was seen."""
    from django.db import connection

    from benchmarks.crash_day import in_parent
    from benchmarks.day_world import invariants, make_firms

    begin = time.perf_counter()
    faults: list[str] = []
    ways: dict[str, Counter[str]] = {}
    chosen = {name: made for name, made in RACES.items() if only in name}
    with stores() as databases:
        databases.create("races")
        databases.open("races")
        world = in_parent(lambda: _warm(make_firms()))
        runners = [Runner(world, f"{seed}-{n}") for n in range(2)]
        stage = Stage(world, random.Random(seed))
        try:
            for turn in range(rounds):
                for name, made in chosen.items():
                    ran = made(stage)
                    acts = ran.acts if turn % 2 == 0 else ran.acts[::-1]
                    moment = time.time() + 0.01
                    lead = stage.chance.choice([0.0, 0.0, 0.002, 0.01])
                    for n, (runner, act) in enumerate(zip(runners, acts, strict=True)):
                        runner.begin(act, moment + n * lead)
                    told = [runner.end() for runner in runners]
                    told = told if turn % 2 == 0 else told[::-1]
                    ways.setdefault(name, Counter())["".join("+" if t["won"] else "-" for t in told)] += 1
                    wrong = judge(name, told, ran) + [f"{name}: {fault}" for fault in invariants()]
                    for fault in wrong:
                        print(fault, file=sys.stderr, flush=True)
                    faults += wrong
                    if any("holds" in fault or "balance" in fault for fault in wrong):
                        raise AssertionError("the books are wrong; what follows would only say so again")
        except AssertionError as error:
            faults.append(str(error))
        for runner in reversed(runners):  # the later one has inherited the pipe to the earlier
            runner.close()
    return {
        "what": "races of two clients", "database": connection.vendor, "races": len(chosen), "rounds": rounds,
        "ways": {name: dict(sorted(seen.items())) for name, seen in ways.items()}, "faults": faults,
        "seconds": round(time.perf_counter() - begin, 1),
    }  # fmt: skip


def _warm(world: Any) -> Any:
    """Ask once in this process, so that both are born with what is read and imported once."""
    from benchmarks.day_world import send

    assert send(world, "maker", "GET", "me/", None, "")[0] == 200
    return world


def main() -> None:
    """Race and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="races whose names contain this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wufei-races-") as home:
        os.environ["WUFEI_HOME"] = home
        os.environ.setdefault("WUFEI_LOG", "ERROR")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
        import django

        django.setup()
        told = run(options.rounds, options.seed, options.only)
    print(json.dumps(told, ensure_ascii=False))
    sys.exit(1 if told["faults"] else 0)


if __name__ == "__main__":
    main()
