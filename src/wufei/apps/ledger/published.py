"""What anyone may see of the ledger: its signed checkpoints. They hold digests and counts, nothing of anyone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from wufei.apps.ledger.checkpoints import checkpoint_of
from wufei.apps.ledger.models import CheckpointRecord
from wufei.core.proof import checkpoint_line

PAGE = 20  # checkpoints of one page
MOST_LINES = 10_000  # of one download; the rest by ``?after=``


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """A checkpoint as the page shows it; digests as hex."""

    number: int
    at: str
    holders: int
    root: str
    previous: str
    signature: str
    public_key: str


def published_checkpoints(before: int | None = None) -> tuple[list[PublishedCheckpoint], int | None]:
    """A page of checkpoints, newest first, and the number before which the next page begins."""
    rows = CheckpointRecord.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: PAGE + 1])
    page = [
        PublishedCheckpoint(
            number=row.id,
            at=row.at.replace("T", " ", 1),
            holders=row.holders,
            root=bytes(row.root).hex(),
            previous=bytes(row.previous).hex(),
            signature=bytes(row.signature).hex(),
            public_key=bytes(row.public_key).hex(),
        )
        for row in found[:PAGE]
    ]
    return page, page[-1].number if len(found) > PAGE else None


def published_lines(after: int = 0) -> Iterator[str]:
    """The checkpoints after a number, oldest first, one JSON line each; at most ``MOST_LINES``."""
    rows = CheckpointRecord.objects.filter(id__gt=after).order_by("id")[:MOST_LINES]
    for row in rows.iterator(chunk_size=1_000):
        line = checkpoint_line(checkpoint_of(row), bytes(row.signature), bytes(row.public_key))
        yield json.dumps(line, separators=(",", ":")) + "\n"


def published_key() -> bytes | None:
    """The key that signed the newest checkpoint; ``None`` before the first."""
    last = CheckpointRecord.objects.order_by("-id").only("public_key").first()
    return bytes(last.public_key) if last else None
