"""Triggers that refuse to change or delete what a phone sent."""

from wufei.apps.append_only import Guards

GUARDS = Guards(
    app="field",
    tables=("field_fieldevent",),
    message="What a phone sent is append only: settle it by its outcome.",
)
