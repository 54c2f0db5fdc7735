"""PDF from a template of ``data/documents`` and plain data, by typst.

Data reach a template as a JSON file of its own, never as source: whatever a person has typed is text and stays text.
The compiler sees the templates and that file alone, no disk and no network. The same data give the same bytes.
"""

import json
import logging
import subprocess  # noqa: S404 - our own module, no shell
import sys
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from wufei.core.reference import names, read_text

FONT_PACKAGE = "noto_cjk_sans_otc"  # from the lock file: Noto Sans CJK, SIL Open Font License 1.1
FONT_FAMILY = "Noto Sans CJK SC"
DATA_FILE = "data.json"
_TEMPLATE = ".typ"
_log = logging.getLogger(__name__)


class FailedChild(RuntimeError):
    """A process that rendered a large document has ended without it."""


class NoFont(RuntimeError):
    """No font for Chinese is to be had; the text says what to do (Chinese)."""


def render_pdf(template: str, data: Mapping[str, Any], *, is_tagged: bool = True) -> bytes:
    """Return ``data`` set by the template ``data/documents/<template>.typ``.

    Args:
        template: name of the template, without its suffix.
        data: what JSON can hold: texts, whole numbers, lists, mappings. Decimals and dates come as text.
        is_tagged: whether readers for the blind find the structure of the page; costs some size and time.
    """
    sources = _sources()
    main = sources[template + _TEMPLATE]  # a name that is not there is a programming error
    given = {name: source for name, source in sources.items() if name != template + _TEMPLATE}
    given |= {"main": main, DATA_FILE: json.dumps(data, ensure_ascii=False).encode()}
    # Typst's type hints know one source; the binding takes a mapping of file names too.
    made: bytes = typst.compile(given, format="pdf", font_paths=fonts(), timestamp=0, pdf_tags=is_tagged)  # type: ignore[call-overload]
    return made


def render_apart(template: str, data: Mapping[str, Any], *, is_tagged: bool = True) -> bytes:
    """Like ``render_pdf``, in a process of its own, for what is large: typst keeps about 0.6 MB a label for later.

    Raises:
        FailedChild: the process ended without a document.
    """
    command = [sys.executable, "-m", "wufei.apps.documents.pdf"]
    asked = json.dumps({"template": template, "data": data, "is_tagged": is_tagged}).encode()
    done = subprocess.run(command, input=asked, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise FailedChild(f"{template}: {done.returncode}, {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


@cache
def _sources() -> Mapping[str, bytes]:
    """All templates by file name, so that one can import another."""
    stems = names("documents", _TEMPLATE)
    return {stem + _TEMPLATE: read_text(f"documents/{stem}{_TEMPLATE}").encode() for stem in stems}


@cache
def fonts() -> typst.Fonts:
    """The fonts, read once a process (about 40 ms): those of the font package, or the machine's own.

    Raises:
        NoFont: neither holds Chinese.
    """
    folder = _font_folder()
    found = typst.Fonts(
        include_system_fonts=folder is None,
        include_embedded_fonts=False,
        font_paths=[str(folder)] if folder else [],
    )
    if FONT_FAMILY not in found.families():
        raise NoFont(f"没有中文字体“{FONT_FAMILY}”，不能生成 PDF。请运行 make setup，或安装系统字体 fonts-noto-cjk。")
    if folder is None:
        _log.warning("字体包 noto-cjk-sans-otc 未安装，改用系统字体“%s”。请运行 make setup。", FONT_FAMILY)
    return found


def _font_folder() -> Path | None:
    """The folder of the font package, or ``None`` where it is not installed."""
    try:
        return Path(str(files(FONT_PACKAGE)))
    except ModuleNotFoundError:
        return None


def main() -> None:
    """What ``render_apart`` asks for on standard input, as PDF on standard output."""
    asked = json.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(render_pdf(asked["template"], asked["data"], is_tagged=asked["is_tagged"]))


if __name__ == "__main__":
    main()
