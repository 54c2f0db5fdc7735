"""The calendar of this installation: that of the package, and what the keeper added in ``WUFEI_HOME/calendar``."""

import csv
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from wufei.core.working_days import Calendar, package_rows, read_calendar


def calendar() -> Calendar:
    """Days off and days worked, from ``data/calendar`` and ``WUFEI_HOME/calendar/*.csv``."""
    folder = Path(settings.HOME) / "calendar"
    files = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    return _read(tuple((str(path), path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=4)
def _read(files: tuple[tuple[str, int], ...]) -> Calendar:
    rows = [
        row for path, _ in files for row in csv.DictReader(Path(path).read_text(encoding="utf-8-sig").splitlines())
    ]
    return read_calendar([*package_rows(), *rows])
