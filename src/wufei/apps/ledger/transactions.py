"""The transaction of a posting: the one of every write (``apps/transactions.py``), by its name in the ledger."""

from wufei.apps.transactions import in_transaction

__all__ = ["in_transaction"]
