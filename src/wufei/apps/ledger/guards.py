"""Triggers that refuse to change or delete what is booked."""

from wufei.apps.append_only import Guards

GUARDS = Guards(
    app="ledger",
    tables=("ledger_movement", "ledger_batch", "ledger_link", "ledger_checkpoint", "ledger_period_close"),
    message="The ledger is append only: book a reversal instead.",
)
