"""The shapes that every endpoint shares: problems, and the types that say what a table can hold.

``In`` is the base of what is sent in (an unknown name is a fault), ``Out`` of what is answered. Mass is whole grams,
a rate an exact decimal written as text, a time has its zone.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.timezone import localtime
from ninja import Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

LARGEST = 2**63 - 1
FIRST_YEAR, LAST_YEAR = 1900, 2999


class In(Schema):
    """What is sent in. A name that is not documented is a fault, so that a slip of the pen is not lost."""

    model_config = ConfigDict(extra="forbid")


class Out(Schema):
    """What is answered."""


def _only_a_number(value: Any) -> Any:
    """JSON has numbers: what is written as text, and true and false, are none."""
    if isinstance(value, str | bool):
        raise PydanticCustomError("int_type", "not a number")
    return value


def _holds_no_nul(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("string_pattern_mismatch", "NUL", {"pattern": "没有 NUL 字符的文本"})
    return value


def _only_written_out(value: Any) -> Any:
    """A time is written out: pydantic would read a bare number as seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not re.match(r"\d{4}-", value)):
        raise PydanticCustomError("datetime_parsing", "not written out")
    return value


def _in_our_time(value: datetime) -> datetime:
    """Neither the first nor the last days of the calendar, which no other zone can write."""
    if value.year < FIRST_YEAR:
        raise PydanticCustomError("greater_than_equal", "too early", {"ge": f"{FIRST_YEAR} 年"})
    if value.year > LAST_YEAR:
        raise PydanticCustomError("less_than_equal", "too late", {"le": f"{LAST_YEAR} 年"})
    return value


def _local(value: datetime) -> str:
    return localtime(value).isoformat()


Whole = Annotated[int, BeforeValidator(_only_a_number), Field(ge=-LARGEST, le=LARGEST)]
Count = Annotated[int, BeforeValidator(_only_a_number), Field(ge=0, le=10**9)]
MassG = Annotated[int, BeforeValidator(_only_a_number), Field(gt=0, le=10**15, description="质量，整克。")]
MassOrNoneG = Annotated[
    int, BeforeValidator(_only_a_number), Field(ge=0, le=10**15, description="质量，整克，可为 0。")
]
Text = Annotated[str, Field(max_length=200), AfterValidator(_holds_no_nul)]
LongText = Annotated[str, Field(max_length=2000), AfterValidator(_holds_no_nul)]
WrittenInstant = Annotated[AwareDatetime, BeforeValidator(_only_written_out), AfterValidator(_in_our_time)]
Instant = Annotated[
    WrittenInstant,
    PlainSerializer(_local, return_type=str, when_used="always"),
    Field(description="时间，ISO 8601，带时区。"),
]
Rate = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str, when_used="always"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d{1,20}(\.\d{1,12})?$"}),
]


class FaultOut(Out):
    """One fault."""

    pointer: str = Field(description="请求内容里的位置（JSON Pointer）；整个请求的问题为空。")
    code: str = Field(description="问题的种类，供程序使用。")
    detail: str = Field(description="问题是什么：现值和允许的值。")
    remedy: str = Field(description="怎么办。")
    parameter: str = Field("", description="地址或首部里的参数名。")
    line: int | None = Field(None, description="按行的 JSON 或文件里的行号，从 1 起。")
    level: Literal["error", "warn", "info"] = "error"
    stage: str = Field("", description="在哪个环节发现。")
    curer: str = Field("", description="能改正的一方。")


class ProblemOut(Out):
    """Why a request was refused (RFC 9457): every fault at once."""

    type: str = Field(description="问题种类的地址，打开它有说明。")
    title: str
    status: int
    detail: str
    code: str
    errors: list[FaultOut] = []


class ProblemKindOut(Out):
    """A kind of problem."""

    code: str
    status: int
    title: str
    explanation: str
