"""Rules of the house that a tool can check, each with what to write instead."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ROOT / "src/wufei/apps"
CORE = ROOT / "src/wufei/core"

RULES = [
    (APPS, r"views\.py|api\.py", r"\.objects\b", "a view reads through a selector and writes through a service"),
    (APPS, r".*\.py", r"select_related\(\)", "name every relation that is joined"),
    (CORE, r".*\.py", r"\b(?:\w*time\.now|date\.today|time\.time|random\.random)\(", "the caller brings it"),
    (APPS, r".*/migrations/\d+.*\.py", r"from wufei\.apps\.\w+\.models", "no app in a migration"),
    (APPS, r".*\.py", r"post_save|pre_save", "no signals: news travels by the fact log"),
    (ROOT / "src/wufei", r".*\.py", r"\b(?:TODO|FIXME|XXX)\b|raise NotImplementedError", "finish it"),
]  # fmt: skip


def offences(folder: Path, name: str, pattern: str) -> list[str]:
    """Lines of the files below ``folder`` whose path ends with ``name`` and that hold ``pattern``."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        if not re.search(rf"(?:^|/)(?:{name})$", path.as_posix()):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    return found


@pytest.mark.parametrize(("folder", "name", "pattern", "instead"), RULES, ids=[rule[3] for rule in RULES])
def test_house_rule(folder, name, pattern, instead):
    assert offences(folder, name, pattern) == [], instead


def test_a_rule_finds_what_it_forbids(tmp_path):
    (tmp_path / "views.py").write_text("rows = Site.objects.all()\n")
    global ROOT
    before, ROOT = ROOT, tmp_path
    try:
        assert offences(tmp_path, "views\\.py", r"\.objects\b") == ["views.py:1: rows = Site.objects.all()"]
    finally:
        ROOT = before


def test_no_python_file_has_grown_two_reasons_to_change():
    long = {
        p.relative_to(ROOT).as_posix(): n
        for p in (ROOT / "src").rglob("*.py")
        if (n := len(p.read_text().splitlines())) > 500
    }
    assert long == {}
