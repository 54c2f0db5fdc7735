"""The two errors of reading, and how a message shows a value."""

from wufei.core.findings import Finding


class BadValue(ValueError):
    """A cell that cannot be understood; ``what`` and ``remedy`` are Chinese sentences, ``code`` a stable name."""

    def __init__(self, what: str, remedy: str, code: str) -> None:
        super().__init__(what + remedy)
        self.what, self.remedy, self.code = what, remedy, code

    def finding(self, line: int | None, field: str) -> Finding:
        """The same as a finding of one field of one line."""
        return Finding(line, field, self.what, self.remedy, self.code)


class BadFile(ValueError):
    """A file that cannot be read whole; ``findings`` says why, all of them. ``what`` … are those of the first."""

    def __init__(self, findings: list[Finding]) -> None:
        assert findings
        self.findings = findings
        self.what, self.remedy, self.code = findings[0].what, findings[0].remedy, findings[0].code
        more = f"（另有 {len(findings) - 1} 处问题）" if len(findings) > 1 else ""
        super().__init__(self.what + self.remedy + more)


def bad_file(what: str, remedy: str, code: str, line: int | None = None) -> BadFile:
    return BadFile([Finding(line, "", what, remedy, code)])


def shown(text: str) -> str:
    """A value as a message shows it: short, and without line breaks."""
    flat = " ".join(text.split())
    return f"“{flat[:40]}…”" if len(flat) > 40 else f"“{flat}”"
