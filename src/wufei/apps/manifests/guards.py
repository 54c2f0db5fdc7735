"""Triggers that refuse to change or delete what happened to manifests and trips."""

from wufei.apps.append_only import Guards

GUARDS = Guards(
    app="manifests",
    tables=("manifests_manifestevent", "manifests_triprecord"),
    message="What happened to a manifest is append only: amend it instead.",
)
