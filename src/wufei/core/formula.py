"""The formula language of indicators and relations: arithmetic over data elements, nothing else.

``manure_utilised / manure_generated * 100`` — ``+ - * /``, parentheses, exact decimal numbers, and references:
``element``, ``element[scope]``, ``indicator:id`` (a published indicator value), ``prev(…)`` for the year before,
``base(…)`` for the reference year, ``at(2021, …)`` for a year by name.

A formula is read by a parser of its own, into four kinds of node. Python never sees the text, so nothing in it can be
executed, and numbers keep their decimals; ``ast`` would have made floats of them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

MAX_LENGTH = 2000  # characters of a formula
MAX_DEPTH = 40  # of parentheses and signs within one another
MAX_DIGITS = 30  # of one number
MAX_TOKENS = 300  # names, numbers and signs of a formula; bounds the depth of a long chain of signs too

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>(?:indicator:)?[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[-+*/()\[\],]))"
)


class FormulaError(ValueError):
    """The text is no formula of this language; the message says what stands where."""


class ZeroDenominator(ArithmeticError):
    """A formula divides by a figure that is 0: the indicator does not apply."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One figure that a formula asks for. ``year`` is fixed once the formula is bound to a year."""

    element: str
    scope: str
    year: int

    @property
    def label(self) -> str:
        """For people: ``msw_generated[urban]@2021``."""
        scope = f"[{self.scope}]" if self.scope else ""
        return f"{self.element}{scope}@{self.year}"


class Arithmetic(Protocol):
    """What a formula computes with: ``Fraction`` or ``Interval``."""

    def __add__(self: "N", other: "N", /) -> "N": ...
    def __sub__(self: "N", other: "N", /) -> "N": ...
    def __mul__(self: "N", other: "N", /) -> "N": ...
    def __truediv__(self: "N", other: "N", /) -> "N": ...
    def __neg__(self: "N") -> "N": ...


N = TypeVar("N", bound=Arithmetic)


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the formula."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """An element, with its scope."""

    element: str
    scope: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A part that speaks of another year: ``prev``, ``base``, or ``at`` with its ``year``."""

    kind: str
    year: int
    part: "Node"


@dataclass(frozen=True, slots=True)
class Operation:
    """Two parts and a sign between them; a leading minus is ``0 - x``."""

    sign: str
    left: "Node"
    right: "Node"


Node = Number | Name | Shift | Operation


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula and the text it came from."""

    text: str
    root: Node

    def references(self, year: int, base_year: int | None = None) -> tuple[Reference, ...]:
        """The figures needed for ``year``, each once, in the order of the text."""
        return tuple(dict.fromkeys(_references(self.root, year, base_year)))

    def evaluate(
        self,
        lookup: Callable[[Reference], N],
        constant: Callable[[Fraction], N],
        year: int,
        base_year: int | None = None,
    ) -> N:
        """Compute with what ``lookup`` gives for each reference; ``constant`` lifts the formula's own numbers.

        Raises:
            ZeroDenominator: a divisor is 0.
        """
        return _Walk(lookup, constant, base_year).value(self.root, year)

    def evaluate_exact(
        self, lookup: Callable[[Reference], Fraction], year: int, base_year: int | None = None
    ) -> Fraction:
        """Compute in exact fractions."""
        return self.evaluate(lookup, lambda number: number, year, base_year)


def _year_of(shift: Shift, year: int, base_year: int | None) -> int:
    if shift.kind == "prev":
        return year - 1
    if shift.kind == "base":
        return year - 1 if base_year is None else base_year
    return shift.year


def _references(node: Node, year: int, base_year: int | None) -> Iterator[Reference]:
    match node:
        case Name(element, scope):
            yield Reference(element, scope, year)
        case Shift():
            yield from _references(node.part, _year_of(node, year, base_year), base_year)
        case Operation(_, left, right):
            yield from _references(left, year, base_year)
            yield from _references(right, year, base_year)


class _Walk(Generic[N]):
    def __init__(
        self, lookup: Callable[[Reference], N], constant: Callable[[Fraction], N], base_year: int | None
    ) -> None:
        self.lookup, self.constant, self.base_year = lookup, constant, base_year

    def value(self, node: Node, year: int) -> N:
        match node:
            case Number(value):
                return self.constant(value)
            case Name(element, scope):
                return self.lookup(Reference(element, scope, year))
            case Shift():
                return self.value(node.part, _year_of(node, year, self.base_year))
            case Operation(sign, left, right):
                return self.combined(sign, self.value(left, year), self.value(right, year))

    def combined(self, sign: str, left: N, right: N) -> N:
        if sign == "+":
            return left + right
        if sign == "-":
            return left - right
        if sign == "*":
            return left * right
        try:
            return left / right
        except ZeroDivisionError as error:
            raise ZeroDenominator from error


def parse(text: str) -> Formula:
    """Read a formula.

    Raises:
        FormulaError: the text is too long, too deep, or no formula; nothing else is ever raised.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"The formula has {len(text)} characters; at most {MAX_LENGTH} are read. Split it.")
    return Formula(text.strip(), _Parser(_tokens(text)).formula())


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormulaError(f"{text[position:].lstrip()[:12]!r} at {position} is no part of a formula.")
        kind = match.lastgroup or ""
        tokens.append((kind, match.group(kind)))
        position = match.end()
        if len(tokens) > MAX_TOKENS:
            raise FormulaError(f"The formula has more than {MAX_TOKENS} names, numbers and signs. Split it.")
    return [*tokens, ("end", "the end")]


class _Parser:
    """Recursive descent: sum of products of signed atoms."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.position, self.depth = tokens, 0, 0

    def formula(self) -> Node:
        node = self.sum()
        if self.peek()[0] != "end":
            raise FormulaError(f"Expected + - * / or the end, found {self.peek()[1]!r}.")
        return node

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.position]

    def take(self, wanted: str = "") -> str:
        found = self.peek()[1]
        if wanted and found != wanted:
            raise FormulaError(f"Expected {wanted!r}, found {found!r}.")
        self.position += 1
        return found

    def sum(self) -> Node:
        node = self.product()
        while self.peek() in {("sign", "+"), ("sign", "-")}:
            node = Operation(self.take(), node, self.product())
        return node

    def product(self) -> Node:
        node = self.atom()
        while self.peek() in {("sign", "*"), ("sign", "/")}:
            node = Operation(self.take(), node, self.atom())
        return node

    def atom(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FormulaError(f"More than {MAX_DEPTH} parentheses or signs within one another. Split the formula.")
        node = self._atom()
        self.depth -= 1
        return node

    def _atom(self) -> Node:
        kind, text = self.peek()
        if kind == "number":
            return Number(Fraction(self.number()))
        if kind == "name":
            return self.name()
        if text == "-":
            self.take()
            return Operation("-", Number(Fraction(0)), self.atom())
        if text == "(":
            self.take()
            return self.closed(self.sum())
        raise FormulaError(f"Expected a number, an element or '(', found {text!r}.")

    def number(self) -> Decimal:
        text = self.take()
        if len(text) > MAX_DIGITS:
            raise FormulaError(f"The number {text[:12]}… has more than {MAX_DIGITS} digits.")
        return Decimal(text)

    def closed(self, node: Node) -> Node:
        self.take(")")
        return node

    def name(self) -> Node:
        name = self.take()
        if self.peek()[1] == "(":
            return self.shift(name)
        return Name(name, self.scope())

    def scope(self) -> str:
        if self.peek()[1] != "[":
            return ""
        self.take()
        if self.peek()[0] != "name":
            raise FormulaError(f"Expected a scope after '[', found {self.peek()[1]!r}.")
        scope = self.take()
        self.take("]")
        return scope

    def shift(self, name: str) -> Node:
        if name not in {"prev", "base", "at"}:
            raise FormulaError(f"{name} is no function; there are prev, base and at.")
        self.take("(")
        year = 0
        if name == "at":
            if self.peek()[0] != "number" or not re.fullmatch(r"[0-9]{4}", self.peek()[1]):
                raise FormulaError(f"at() begins with a year of four digits, found {self.peek()[1]!r}.")
            year = int(self.take())
            self.take(",")
        return self.closed(Shift(name, year, self.sum()))
