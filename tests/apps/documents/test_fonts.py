"""The font of the package holds what the documents must show, on a machine that has no other."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from fontTools.ttLib import TTCollection

from wufei.apps.documents.pdf import FONT_FAMILY, FONT_PACKAGE, fonts

DATA = files("wufei") / "data"


@pytest.fixture(scope="module")
def font():
    """The face that the templates name."""
    path = next(info.path for info in fonts().fonts() if info.family == FONT_FAMILY)
    with TTCollection(path, lazy=True) as collection:
        yield next(face for face in collection.fonts if face["name"].getDebugName(1) == FONT_FAMILY)


def characters(folder):
    """All characters that a file below a folder of ``data/`` holds, with where they stand."""
    found = {}
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.is_dir():
            found |= characters(path)
        elif path.name.endswith((".csv", ".json", ".typ")):
            found |= dict.fromkeys(path.read_text(encoding="utf-8"), path.name)
    return found


def test_every_character_of_the_data_has_a_glyph(font):
    shown = {char: where for char, where in characters(DATA).items() if char.isprintable()}
    assert {"鄣", "畲", "獐", "埭", "硖"} & set(shown) >= {"鄣", "畲"}
    assert len(shown) > 1500
    assert {char: where for char, where in shown.items() if ord(char) not in font.getBestCmap()} == {}


def test_rare_characters_of_place_names_of_zhejiang_have_glyphs(font):
    missing = [char for char in "鄣畲獐埭硖嵊衢垟坞岙溇鄞峧磡砩硐碶鮀㳇㙟" if ord(char) not in font.getBestCmap()]
    assert missing == []


def test_the_font_comes_from_the_package_and_is_static_and_open(font):
    assert {Path(info.path).parent.name for info in fonts().fonts()} == {FONT_PACKAGE}
    assert "fvar" not in font
    assert "SIL Open Font License" in font["name"].getDebugName(13)


def in_a_server(*lines):
    """What a process prints that has started as a server's does."""
    code = "\n".join(("from wufei.apps.documents import pdf", *lines))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip(), done.stderr


def test_a_server_has_read_the_fonts_before_its_first_reader_asks():
    shown, told = in_a_server("import wufei.config.wsgi", "print(pdf.fonts.cache_info().currsize)")
    assert (shown, told) == ("1", "")


def test_a_server_without_fonts_starts_and_says_what_to_do():
    lines = ("pdf.FONT_FAMILY = 'No Such Font'", "import wufei.config.wsgi", "print('started')")
    shown, told = in_a_server(*lines)
    assert shown == "started"
    assert "make setup" in told
