"""Bytes to text, and text to rows."""

import csv
import io
import json
import re
from collections.abc import Iterator

from wufei.core.findings import Finding
from wufei.core.intake.errors import BadFile, bad_file, shown

ROW_FORMATS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson")
TABLE_FORMATS = (".csv", ".tsv", ".txt")

# --- Bytes to text ------------------------------------------------------------------------------------------------

_SIGNATURES = [
    (b"PK\x03\x04", "Excel 工作簿或压缩包", "请按 .xlsx 上传，或另存为 CSV 后再试。"),
    (b"\xd0\xcf\x11\xe0", "旧版 Excel（.xls）或 Word 文件", "请另存为 .xlsx 或 CSV 后再试。"),
    (b"%PDF", "PDF 文件", "请改交 CSV 或 Excel 表格。"),
    (b"\x89PNG", "图片", "请改交 CSV 或 Excel 表格。"),
    (b"\xff\xd8\xff", "图片", "请改交 CSV 或 Excel 表格。"),
    (b"\x1f\x8b", "压缩包", "请解压后再试。"),
    (b"7z\xbc\xaf", "压缩包", "请解压后再试。"),
    (b"Rar!", "压缩包", "请解压后再试。"),
]
_CONTROL = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f]")
_RESAVE = "请在 Excel 或 WPS 中另存为“CSV UTF-8”后再试。"
_MULTIBYTE_SURE = 8  # so many valid multi-byte characters in a row do not happen in GB18030 text by chance


def decode_text(raw: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding: utf-8, utf-8-sig, utf-16 or gb18030.

    Raises:
        BadFile: it is empty, a known binary format, or text in none of these encodings.
    """
    if not raw:
        raise bad_file("文件是空的。", "请选择有内容的文件。", "empty_file")
    for signature, kind, remedy in _SIGNATURES:
        if raw.startswith(signature):
            raise bad_file(f"文件内容是{kind}，不是文本表格。", remedy, "binary_file")
    text, encoding = _decode(raw)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise bad_file(f"第 {line} 行含有空字节（NUL），文件可能已损坏。", _RESAVE, "nul_byte", line)
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise bad_file(f"第 {line} 行含有控制字符，不是文本表格。", _RESAVE, "binary_file", line)
    return text, encoding


def _decode(raw: bytes) -> tuple[str, str]:
    if raw.startswith(b"\xef\xbb\xbf"):
        return _decode_or_refuse(raw, "utf-8-sig"), "utf-8-sig"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode_or_refuse(raw, "utf-16"), "utf-16"
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        head = raw[: error.start].decode("utf-8")
        if sum(not char.isascii() for char in head) >= _MULTIBYTE_SURE:
            line = raw.count(b"\n", 0, error.start) + 1
            raise bad_file(
                f"文件是 UTF-8 编码，但第 {line} 行有损坏的字节。", "请重新导出该文件。", "broken_text", line
            ) from None
    text = _decode_or_refuse(raw, "gb18030")
    foreign = sum(not _is_usual(char) for char in text)
    if foreign * 10 > sum(not char.isascii() for char in text):
        raise bad_file("无法识别文件的文字编码（不是 UTF-8、UTF-16 或 GB18030）。", _RESAVE, "unknown_encoding")
    return text, "gb18030"


def _is_usual(char: str) -> bool:
    """Whether a character is one that Chinese tables hold: ASCII, CJK, Greek, Latin-1, punctuation, units."""
    code = ord(char)
    return code < 0x0500 or 0x2000 <= code < 0xA000 or 0xFE30 <= code < 0xFFF0 or 0x20000 <= code < 0x33480


def _decode_or_refuse(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what = f"第 {line} 行的字节不能按 UTF-8、UTF-16 或 GB18030 读出。"
        raise bad_file(what, _RESAVE, "unknown_encoding", line) from None


# --- Text to rows -------------------------------------------------------------------------------------------------


def read_rows(name: str, raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of a CSV, TSV or JSON-lines file; ``line`` is where the row begins, from 1.

    Cells are trimmed; blank lines are left out. JSON numbers keep the digits as written. A file whose header cannot
    be read raises at once. Rows that cannot be read (too many or too few cells, broken JSON) are left out and raised
    together as one ``BadFile`` *after* the last good row: a caller can report everything at once, and must keep
    nothing before the iterator is exhausted.
    """
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix not in ROW_FORMATS:
        kind = suffix or shown(name)
        raise bad_file(
            f"不支持的文件类型 {kind}。",
            "请上传 CSV、TSV、JSON Lines（.jsonl）或 Excel（.xlsx）文件。",
            "unknown_format",
        )
    text, _ = decode_text(raw)
    if suffix in {".jsonl", ".ndjson"}:
        yield from _read_jsonl(text)
    else:
        yield from _read_delimited(text, tab=suffix == ".tsv")


def _read_delimited(text: str, *, tab: bool) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.split("\n", 1)[0]
    delimiter = "\t" if tab or ("," not in first and "\t" in first) else ","
    if "," not in first and "\t" not in first and ";" in first:
        delimiter = ";"
    yield from rows_of_cells(_cells(text, delimiter))


def read_cells(name: str, raw: bytes) -> list[tuple[int, list[str]]]:
    """The rows of a CSV or TSV file as they stand, (line, cells): for printed sheets, whose first row is a title.

    The delimiter is the one that most of the first lines hold.
    """
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix not in TABLE_FORMATS:
        kind = suffix or shown(name)
        raise bad_file(f"不支持的文件类型 {kind}。", "请上传 Excel（.xlsx）或 CSV 文件。", "unknown_format")
    text, _ = decode_text(raw)
    head = text.split("\n", 30)[:30]
    delimiter = max(",\t;", key=lambda sign: sum(line.count(sign) for line in head))
    return list(_cells(text, delimiter))


def _cells(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise bad_file(
                f"第 {line} 行起的内容不能按表格读出（{_reason(str(error))}）。",
                "请检查这一行的引号是否成对，或重新导出。",
                "broken_table",
                line,
            ) from None
        yield line, cells
        line = reader.line_num + 1


def _reason(message: str) -> str:
    if "field larger" in message:
        return "有一格过长"
    return "引号不成对" if "EOF" in message or "expected after" in message else "格式不符"


def rows_of_cells(table: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of a table whose first line that is not blank is the header; see ``read_rows``."""
    header: list[str] | None = None
    findings: list[Finding] = []
    for line, raw_cells in table:
        cells = [narrow_edges(cell) for cell in raw_cells]
        if not any(cells):
            continue
        if header is None:
            header = _checked_header(line, cells)
            continue
        while len(cells) > len(header) and not cells[-1]:
            cells.pop()
        if len(header) == 1 < len(cells):
            raise bad_file(
                f"第一行只有一格（{shown(header[0])}），像是标题，不是表头。",
                "请删去表头以上的各行，让列名成为第一行。",
                "title_above_header",
            )
        if cells == header:
            what = f"第 {line} 行又是表头，可能是几个文件拼在了一起。"
            findings.append(Finding(line, "", what, "请删去这一行。", "header_again"))
            continue
        if len(cells) != len(header):
            findings.append(
                Finding(
                    line,
                    "",
                    f"第 {line} 行有 {len(cells)} 格，表头有 {len(header)} 列。",
                    "请补齐或删去多余的格；含逗号的文字要加引号。",
                    "ragged_row",
                )
            )
            continue
        yield line, {key: cell for key, cell in zip(header, cells, strict=True) if key}
    if header is None:
        raise bad_file("文件里没有表头。", "第一行请写列名。", "no_header")
    if findings:
        raise BadFile(findings)


def narrow_edges(cell: str) -> str:
    """A cell without blanks, byte order marks or zero-width spaces around it; the inside stays as typed."""
    return cell.strip(" \t\r\n\v\f\u00a0\u3000\ufeff\u200b")


def _checked_header(line: int, cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    findings = [
        Finding(line, name, f"表头有两列都叫“{name}”。", "请删去或改名其中一列。", "duplicate_column")
        for name in sorted({name for name in cells if name and cells.count(name) > 1})
    ]
    findings += [
        Finding(line, "", f"表头第 {index} 列没有列名。", "请补上列名或删去该列。", "unnamed_column")
        for index, name in enumerate(cells, start=1)
        if not name
    ]
    if findings:
        raise BadFile(findings)
    return cells


class _Unreadable(Exception):
    """Why one line of JSON is refused; stays inside this module."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, str]:
    row: dict[str, str] = {}
    for key, value in pairs:
        if key in row:
            raise _Unreadable(f"“{key[:40]}”出现了两次")
        if not isinstance(value, str) and value is not None and not isinstance(value, bool):
            raise _Unreadable(f"“{key[:40]}”的值是嵌套结构")
        cell = "" if value is None else narrow_edges(value) if isinstance(value, str) else str(value).lower()
        if "\0" in key + cell or not (key + cell).isascii() and _has_surrogate(key + cell):
            raise _Unreadable("含有不能保存的字符")
        row[key] = cell
    return row


def _has_surrogate(text: str) -> bool:
    return any(0xD800 <= ord(char) < 0xE000 for char in text)


def _refuse_constant(name: str) -> object:
    raise _Unreadable(f"“{name}”不是数")


def _read_jsonl(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_float=str, parse_int=str, parse_constant=_refuse_constant
    )
    findings: list[Finding] = []
    for line, content in enumerate(text.split("\n"), start=1):
        stripped = narrow_edges(content)
        if not stripped:
            continue
        try:
            row = decoder.decode(stripped)
            if not isinstance(row, dict):
                raise _Unreadable("每行应是一个 {…} 对象")
        except _Unreadable as error:
            findings.append(_bad_json(line, str(error)))
            continue
        except json.JSONDecodeError as error:
            findings.append(_bad_json(line, f"第 {error.colno} 个字符处不合 JSON 格式"))
            continue
        except RecursionError:
            findings.append(_bad_json(line, "嵌套过深"))
            continue
        yield line, row
    if findings:
        raise BadFile(findings)


def _bad_json(line: int, why: str) -> Finding:
    return Finding(
        line, "", f"第 {line} 行不能读出：{why}。", "请改为一行一个 JSON 对象，值只用文字或数字。", "broken_json"
    )
