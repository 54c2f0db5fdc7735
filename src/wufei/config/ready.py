"""Makes a database ready for use: its tables, and the reference data that the package brings.

A database is ready when no migration is open and the digest of the package's data is the one that was loaded last.
Asking costs two small queries; a newcomer's first command therefore works without any set-up.
"""

import hashlib
from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

# Called in this order, each idempotent: it brings the tables to what the package's data say.
LOADERS = [
    "wufei.apps.registry.services.load_reference",
    "wufei.apps.plans.services.load_packs",
    "wufei.apps.assessment.services.load_packs",
]


def data_digest() -> str:
    """SHA-256 over the names and contents of all files below ``data/``, as hex."""
    digest = hashlib.sha256()
    root = settings.PACKAGE_DIR / "data"
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _loader(dotted: str) -> Callable[[], None]:
    module, _, name = dotted.rpartition(".")
    loader: Callable[[], None] = getattr(import_module(module), name)
    return loader


def ensure_ready() -> None:
    """Apply open migrations and load the package's data where they differ from what was loaded last."""
    from wufei.apps.registry.models import ReferenceLoad

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
    digest = data_digest()
    if ReferenceLoad.objects.filter(digest=digest).exists():
        return
    with transaction.atomic():
        for dotted in LOADERS:
            _loader(dotted)()
        ReferenceLoad.objects.all().delete()
        ReferenceLoad.objects.create(digest=digest)
