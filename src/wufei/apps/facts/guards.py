"""Triggers that refuse to change or delete the fact log."""

from wufei.apps.append_only import Guards

GUARDS = Guards(
    app="facts",
    tables=("facts_fact",),
    message="The fact log is append only.",
)
