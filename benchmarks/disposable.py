"""Databases to throw away, and processes to kill: what ``crash_day`` and ``races`` share.

A store is one database: a file of SQLite, or a database of the PostgreSQL server that ``DATABASE_URL`` names. Copies
are made while nobody is connected. A child is forked from this process, warm, and opens its own connection.
"""

import json
import os
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, connections
from django.db.backends.signals import connection_created


class Stores:
    """Makes, copies and opens databases by name; all of them end with it."""

    def __init__(self) -> None:
        self.is_sqlite = connection.vendor == "sqlite"
        # In memory where that is to be had: what a killed process has written is with the kernel, not with the disk.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - mkdtemp makes a name of its own
        self.home = Path(tempfile.mkdtemp(prefix="wufei-stores-", dir=memory))
        self.made: set[str] = set()
        self.server: dict[str, Any] = {}
        if not self.is_sqlite:
            told = connection.settings_dict
            names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
            self.server = {name: told[key] for name, key in names.items() if told[key]}

    def _place(self, name: str) -> str:
        return str(self.home / f"{name}.sqlite3") if self.is_sqlite else f"wufei_bench_{os.getpid()}_{name}"

    def open(self, name: str) -> None:
        """Let Django talk to this database from here on; nothing is connected before the first statement."""
        connections.close_all()
        connection.settings_dict["NAME"] = self._place(name)

    def create(self, name: str, copy_of: str = "") -> None:
        """An empty database, or a copy of another one; in place of one with this name."""
        connections.close_all()
        self.drop(name)
        self.made.add(name)
        if self.is_sqlite:
            if copy_of:
                shutil.copyfile(self._place(copy_of), self._place(name))
            return
        template = f" TEMPLATE {self._place(copy_of)}" if copy_of else ""
        for left in range(50, -1, -1):
            try:
                with psycopg.connect(**self.server, autocommit=True) as server:
                    server.execute(f"CREATE DATABASE {self._place(name)}{template}")
                return
            except psycopg.errors.ObjectInUse:  # the server has not yet noticed that the last one hung up
                if not left:
                    raise
                time.sleep(0.1)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        if self.is_sqlite:
            for ending in ("", "-wal", "-shm"):
                Path(self._place(name) + ending).unlink(missing_ok=True)
        else:
            with psycopg.connect(**self.server, autocommit=True) as server:
                server.execute(f"DROP DATABASE IF EXISTS {self._place(name)} WITH (FORCE)")
        self.made.discard(name)

    def close(self) -> None:
        """Remove all of them."""
        connections.close_all()
        for name in list(self.made):
            self.drop(name)
        shutil.rmtree(self.home, ignore_errors=True)


@contextmanager
def stores() -> Iterator[Stores]:
    """Databases that are gone afterwards."""
    made = Stores()
    try:
        yield made
    finally:
        made.close()


# --- Every statement ------------------------------------------------------------------------------------------------


class Watch:
    """Calls ``before`` ahead of all that this process asks of the database: statements, BEGIN, COMMIT, rows of COPY.

    It stands below Django: at the statements that SQLite runs, and at each exchange with the server of PostgreSQL.
    """

    def __init__(self, before: Callable[[], None], text: Callable[[str], None] = lambda _: None) -> None:
        self.before, self.text = before, text  # ``text`` is told the words of COMMIT and, on SQLite, of all
        self.wait, self.commit = psycopg.Connection.wait, psycopg.Connection.commit

    def _trace(self, sender: object, connection: Any, **_: object) -> None:
        if connection.vendor == "sqlite":
            connection.connection.set_trace_callback(self._statement)

    def _statement(self, text: str) -> None:
        if not text.startswith("--"):  # the inside of a trigger is told as a comment
            self.text(text)
            self.before()

    def __enter__(self) -> "Watch":
        before, wait, told, commit = self.before, self.wait, self.text, self.commit

        def watched(self: Any, *given: Any, **named: Any) -> Any:
            before()
            return wait(self, *given, **named)

        def committing(self: Any) -> None:
            told("COMMIT")
            commit(self)

        connections.close_all()
        psycopg.Connection.wait = watched  # type: ignore[method-assign,assignment]
        psycopg.Connection.commit = committing  # type: ignore[method-assign]
        connection_created.connect(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        psycopg.Connection.wait, psycopg.Connection.commit = self.wait, self.commit  # type: ignore[method-assign]
        connection_created.disconnect(self._trace)
        connections.close_all()


class Countdown:
    """Counts statements and, after ``left`` of them, ends this process as the kernel would: at once, by SIGKILL."""

    def __init__(self, left: int | None = None) -> None:
        self.left, self.seen = left, 0

    def __call__(self) -> None:
        if self.seen == self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += 1


# --- Processes ------------------------------------------------------------------------------------------------------


class Failed(AssertionError):
    """A child ended with an error of its own; the text is its traceback."""


def in_child(work: Callable[[], Any]) -> tuple[bool, Any]:
    """Run ``work`` in a process of its own: (whether it lived to the end, what it returned, as JSON holds it)."""
    connections.close_all()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as answer:
            try:
                answer.write(json.dumps({"value": work()}))
                connections.close_all()
            except BaseException:  # noqa: BLE001 - the parent is told whatever it was
                answer.write(json.dumps({"error": traceback.format_exc()}))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return False, None
    told = json.loads(text)
    if "error" in told:
        raise Failed(told["error"])
    return True, told["value"]
