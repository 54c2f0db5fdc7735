"""Measures ledger, documents and whole lives: ``python -m benchmarks`` (= ``make bench``)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

PG_URL = os.environ.get("PG_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@contextmanager
def scratch_database(name: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database that is dropped at the end; empty where no server answers."""
    try:
        server = psycopg.connect(PG_URL, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        yield ""
        return
    own = f"wufei_bench_{name}"
    with server:
        server.execute(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {own}")
        try:
            yield PG_URL.rpartition("/")[0] + f"/{own}"
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")
