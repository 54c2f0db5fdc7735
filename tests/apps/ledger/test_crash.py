"""The writer is killed at random moments: nothing is lost, nothing is booked twice, 0 g are left over."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.long
def test_a_killed_writer_leaves_books_that_balance_and_a_chain_that_holds(tmp_path):
    environment = os.environ | {"WUFEI_HOME": str(tmp_path), "DATABASE_URL": ""}
    command = [
        sys.executable,
        "-m",
        "benchmarks.crash",
        "--movements",
        "50000",
        "--batch-size",
        "500",
        "--kills",
        "5",
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert (result["movements"], result["residual_g"], result["kills"]) == (50_000, 0, 5)
    assert result["balances_equal_replay"]
    assert result["chain_holds"]
    assert result["flipped_byte_found"]
