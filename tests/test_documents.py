"""The documents say what the code does: settings, links, data sources."""

import re
from pathlib import Path

import pytest

from wufei.config.cli import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "wufei"


def test_every_environment_variable_is_read_in_settings_and_documented():
    read = set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', (SOURCE / "config/settings.py").read_text()))
    documented = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    assert read == documented


def test_no_other_file_reads_the_environment():
    offenders = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCE.rglob("*.py")
        if path.name != "settings.py" and re.search(r"environ(\.get\(|\[)|os\.getenv", path.read_text())
    ]
    assert offenders == []


@pytest.mark.parametrize(
    "page",
    sorted(
        [*(ROOT / "docs").rglob("*.md"), *SOURCE.rglob("README.md"), ROOT / "README.md", ROOT / "README.zh-CN.md"]
    ),
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_every_local_link_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_data_folder_names_its_source():
    folders = {p for p in (SOURCE / "data").iterdir() if p.is_dir()}
    assert sorted(p.name for p in folders if not (p / "README.md").exists()) == []


def test_every_app_has_a_readme():
    apps = [p for p in (SOURCE / "apps").iterdir() if (p / "apps.py").exists()]
    assert sorted(p.name for p in apps if not (p / "README.md").exists()) == []


def test_nothing_needs_the_internet():
    pattern = re.compile(
        r"https?://(?!127\.0\.0\.1|localhost)[\w.-]+\.(?:com|net|org|io|cn)/[^\s\"']*\.(?:js|css|woff2?|png)"
    )
    found = [
        path.relative_to(ROOT).as_posix()
        for suffix in ("*.html", "*.js", "*.css")
        for path in SOURCE.rglob(suffix)
        if pattern.search(path.read_text())
    ]
    assert found == []


def test_every_file_of_data_is_named_in_the_readme_of_its_folder():
    folders = [p for p in (SOURCE / "data").iterdir() if p.is_dir()]
    unnamed = [
        path.relative_to(SOURCE).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".csv", ".json"}
        and path.name not in (text := (folder / "README.md").read_text())
        and f"{path.parent.name}/`" not in text  # a folder whose files are alike: profiles/
        and folder.name not in {"regulations", "simulation"}  # one file a document, a place and year
    ]
    assert sorted(unnamed) == []


def test_every_decision_and_every_page_is_listed_in_the_index():
    index = (ROOT / "docs/README.md").read_text()
    pages = [p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md") if p.name != "README.md"]
    assert sorted(page for page in pages if f"]({page})" not in index) == []


def test_every_command_is_told_of_in_the_documents():
    told = "\n".join(p.read_text() for p in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
    # ``django`` passes on to Django's own commands and is for developers.
    assert sorted(name for name in COMMANDS if name != "django" and f"wufei {name}" not in told) == []
