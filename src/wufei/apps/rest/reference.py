"""The tables of ``data/rest``, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from wufei.core.reference import read_document, read_table


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem: its stable code, HTTP status, Chinese title and what to do."""

    code: str
    status: int
    title: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the interface (``limits.json``)."""

    token_days_max: int
    token_days_default: int
    idempotency_days: int
    idempotency_key_length: int
    page_default: int
    page_max: int
    body_bytes: int
    bulk_bytes: int
    bulk_lines: int
    json_depth: int
    json_values: int
    retry_after_s: int


@cache
def scopes() -> Mapping[str, str]:
    """What a token may be given, with its Chinese name."""
    return {row["scope"]: row["name"] for row in read_table("rest/scopes.csv")}


@cache
def problem_kinds() -> Mapping[str, ProblemKind]:
    """The kinds of problem by code."""
    rows = read_table("rest/problems.csv")
    return {
        row["code"]: ProblemKind(row["code"], int(row["status"]), row["title"], row["explanation"]) for row in rows
    }


@cache
def validation_words() -> Mapping[str, tuple[str, str]]:
    """What is wrong and what to do, by pydantic's type of the fault."""
    return {row["type"]: (row["what"], row["remedy"]) for row in read_table("rest/validation.csv")}


@cache
def limits() -> Limits:
    """The bounds."""
    return Limits(**read_document("rest/limits.json"))


def grants(given: list[str], scope: str) -> bool:
    """Whether a token with the scopes ``given`` may do what needs ``scope``."""
    return scope in given or f"*:{scope.partition(':')[2]}" in given
