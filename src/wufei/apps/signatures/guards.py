"""Triggers that refuse to change or delete a signature."""

from wufei.apps.append_only import Guards

GUARDS = Guards(
    app="signatures",
    tables=("signatures_signature",),
    message="Signatures are append only: sign anew instead.",
)
