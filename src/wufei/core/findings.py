"""What is wrong with something that was handed in: one finding a fault, all of them at once (检查发现).

A finding says where, what was found, what is allowed and what to do. A batch that has findings of level ``error`` is
refused whole and nothing of it is kept, so that the sender can mend the file and send it again.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one field of one line.

    Attributes:
        line: the line (or row) of the file, from 1; ``None`` where the file as a whole is meant.
        field: the column's name; empty where the whole line is meant.
        what: one Chinese sentence: the thing, the value found, what is allowed.
        remedy: one Chinese sentence: what to do.
        code: a stable name of the kind of fault, for programs ("unknown_unit").
    """

    line: int | None
    field: str
    what: str
    remedy: str
    code: str
    level: Level = Level.ERROR

    def as_dict(self) -> dict[str, object]:
        """The finding as plain values, for JSON."""
        return asdict(self)


class Refused(ValueError):
    """A batch was refused whole; ``findings`` says why, all of them. Nothing was kept."""

    def __init__(self, findings: list[Finding]) -> None:
        assert findings
        self.findings = findings
        first = findings[0]
        more = f"（另有 {len(findings) - 1} 处问题）" if len(findings) > 1 else ""
        super().__init__(f"{first.what}{first.remedy}{more}")
