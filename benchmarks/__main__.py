"""``python -m benchmarks``: JSON lines, one a measurement, each beside the ceiling measured in the same run.

The ceiling of a batch is the insertion of the very same finished rows into a table with the same columns and indexes
in the same database, with the same durability, batch by batch in turn with the ledger's own posting. The ceilings of
the documents and of the lives over HTTP are told in their modules.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile

import psycopg

PG_URL = os.environ.get("PG_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
BENCH_DATABASE = "wufei_bench"


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    with open("/proc/cpuinfo") as handle:
        models = [line.partition(":")[2].strip() for line in handle if line.startswith("model name")]
    return {
        "what": "machine",
        "processor": models[0] if models else "",
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def measure(home: str, database_url: str, arguments: list[str]) -> None:
    """Run all measurements on one database, in a process of its own."""
    environment = os.environ | {"WUFEI_HOME": home, "DATABASE_URL": database_url}
    subprocess.run([sys.executable, "-m", "benchmarks.measure", *arguments], env=environment, check=True)
    subprocess.run([sys.executable, "-m", "benchmarks.weighings"], env=environment, check=True)


def main() -> None:
    """Measure SQLite, then PostgreSQL where a server answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=10, help="batches a measurement")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    print(json.dumps(machine(), ensure_ascii=False), flush=True)
    subprocess.run([sys.executable, "-m", "benchmarks.documents"], check=True)
    only = ["--only", options.only] if options.only else []
    subprocess.run([sys.executable, "-m", "benchmarks.lifecycle", *only], check=True)
    arguments = ["--batches", str(options.batches)]
    if options.only != "postgresql":
        with tempfile.TemporaryDirectory(prefix="wufei-bench-") as home:
            measure(home, "", arguments)
    if options.only == "sqlite":
        return
    try:
        server = psycopg.connect(PG_URL, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        print(json.dumps({"what": "skipped", "database": "postgresql", "why": "no server answers at PG_URL"}))
        return
    with server, tempfile.TemporaryDirectory(prefix="wufei-bench-") as home:
        server.execute(f"DROP DATABASE IF EXISTS {BENCH_DATABASE}")
        server.execute(f"CREATE DATABASE {BENCH_DATABASE}")
        try:
            measure(home, PG_URL.rpartition("/")[0] + f"/{BENCH_DATABASE}", arguments)
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {BENCH_DATABASE} WITH (FORCE)")


if __name__ == "__main__":
    main()
