"""Reads the package's own reference tables (data/**/*.csv, *.json)."""

import csv
import io
import json
from importlib.resources import files
from typing import Any


def read_text(path: str) -> str:
    """The text of ``data/<path>``."""
    return (files("wufei") / "data" / path).read_text(encoding="utf-8")


def read_table(path: str) -> list[dict[str, str]]:
    """The rows of ``data/<path>``, all cells as text."""
    return list(csv.DictReader(io.StringIO(read_text(path))))


def read_document(path: str) -> Any:
    """The JSON document ``data/<path>``; numbers with a point stay exact decimals only if written as strings."""
    return json.loads(read_text(path))


def exists(path: str) -> bool:
    """Whether the package brings ``data/<path>``."""
    return (files("wufei") / "data" / path).is_file()


def folders(path: str) -> list[str]:
    """The names of the folders in ``data/<path>``, sorted."""
    root = files("wufei") / "data" / path
    return sorted(entry.name for entry in root.iterdir() if entry.is_dir()) if root.is_dir() else []


def names(path: str, suffix: str) -> list[str]:
    """The names, without ``suffix``, of the files in ``data/<path>`` that end with it, sorted."""
    root = files("wufei") / "data" / path
    return sorted(entry.name.removesuffix(suffix) for entry in root.iterdir() if entry.name.endswith(suffix))
