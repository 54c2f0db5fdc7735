"""A sample of the kills and races of ``benchmarks``, on whichever database the suite runs on.

All of them: ``python -m benchmarks.crash_day`` and ``python -m benchmarks.races``. Each makes databases of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[3]


def run(module, *arguments):
    """What a benchmark tells, run beside the suite: it forks, and ends processes in the midst of a statement."""
    known = settings.DATABASES["default"]
    address = ""
    if "postgresql" in known["ENGINE"]:
        secret = f":{known['PASSWORD']}" if known.get("PASSWORD") else ""
        # The server's own database: that of the suite must not be held while its tests run.
        address = f"postgresql://{known['USER']}{secret}@{known['HOST']}:{known['PORT'] or 5432}/postgres"
    environment = os.environ | {"DATABASE_URL": address}
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments], cwd=ROOT, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["faults"] == []
    return told


def test_a_day_killed_between_any_two_statements_is_resumed_to_the_same_end():
    told = run("crash_day", "--every", "199", "--commits", "3")
    # Of 18 steps each third is killed ahead of its COMMIT (nothing is kept) and behind it (all is).
    assert told["kills"] >= 2 * 6
    assert 6 <= told["of_these_committed"] < told["kills"]


def test_of_two_clients_as_many_win_as_the_rules_let_and_the_loser_is_told_why():
    told = run("races", "--rounds", "1")
    assert told["races"] >= 16
    assert sum(sum(ways.values()) for ways in told["ways"].values()) == told["races"]
