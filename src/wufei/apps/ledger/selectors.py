"""Reads of the ledger: balances, daily flows, the balance identity, movements behind a figure."""

from datetime import date

from wufei.core.ledger import FlowRow, MassBalance


def mass_balance(division: str, year: int, domain: str | None = None) -> MassBalance:
    """The balance identity of a region and a year per waste code."""
    raise NotImplementedError


def flows(division: str, first_day: date, last_day: date) -> list[FlowRow]:
    """What moved from, to or within a region in a span of days (both ends included)."""
    raise NotImplementedError


def monthly_flows(division: str, first_day: date, last_day: date) -> list[FlowRow]:
    """The same, split by month (``FlowRow.month`` = ``YYYYMM``)."""
    raise NotImplementedError
