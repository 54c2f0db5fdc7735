"""The connection to SQLite: a transaction that has to wait asks again every few milliseconds.

SQLite's own waiting backs off to 100 ms between two looks. A process that writes without pause leaves the database
free for less than that between two transactions, so another process would be passed over for seconds, and in the end
be told that the database is locked.
"""

import sqlite3
from time import monotonic, sleep

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

PAUSE_S = 0.002
_PRIMARY_CODE = 0xFF  # the low byte of an extended result code


class DatabaseWrapper(base.DatabaseWrapper):
    """Begins transactions; everything else is Django's."""

    def _start_transaction_under_autocommit(self) -> None:
        timeout = self.settings_dict["OPTIONS"].get("timeout", 5)
        until = monotonic() + timeout
        self.ensure_connection()
        self.connection.execute("PRAGMA busy_timeout=0")
        try:
            while not self._begins(is_last=monotonic() >= until):
                sleep(PAUSE_S)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout={int(timeout * 1000)}")

    def _begins(self, *, is_last: bool) -> bool:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # its stubs do not know it
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlite_errorcode", 0) & _PRIMARY_CODE
            if is_last or code != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True
