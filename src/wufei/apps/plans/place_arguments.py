"""The arguments that commands about a place share: the place by code or name, and a year."""

from typing import NoReturn

import click

from wufei.apps.plans import selectors

FIRST_YEAR, LAST_YEAR = 2000, 2099


def stop(message: str) -> NoReturn:
    """End the command with a message and exit code 2: it was asked for something that is not there."""
    click.echo(message, err=True)
    raise SystemExit(2)


def division_of(place: str) -> str:
    """The division code of the plan that ``place`` names; ends the command with the places there are."""
    division = selectors.find_division(place)
    if division is None:
        known = "、".join(f"{name}（{code}）" for code, name, _ in selectors.places())
        stop(f"没有“{place}”的方案。现有：{known or '无'}。请写其中的名称或代码。")
    return division


def year_of(text: str) -> int:
    """The year that ``text`` writes."""
    if not (text.isascii() and text.isdigit() and FIRST_YEAR <= int(text) <= LAST_YEAR):
        stop(f"“{text}”不是年份。请写四位年份，如 --year 2022。")
    return int(text)
