"""Uploaded files of figures as rows: whatever ``apps.spreadsheets`` reads, but not without end and not empty."""

from wufei.apps.spreadsheets import read_upload
from wufei.core.findings import Finding
from wufei.core.intake import BadFile

MOST_ROWS = 20_000


def file_rows(name: str, raw: bytes) -> list[tuple[int, dict[str, str]]]:
    """All rows of a file with their lines.

    Raises:
        BadFile: the file, or some of its lines, cannot be read; all reasons at once.
    """
    rows = []
    for row in read_upload(name, raw):
        rows.append(row)
        if len(rows) > MOST_ROWS:
            raise BadFile([Finding(None, "", f"超过 {MOST_ROWS} 行。", "分成几个文件上传。", "too_many_rows")])
    if not rows:
        raise BadFile([Finding(None, "", "文件里没有数据行。", "第一行写表头，第二行起写数据。", "no_rows")])
    return rows
