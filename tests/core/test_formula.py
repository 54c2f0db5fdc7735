"""The formula language: what it computes, what it refuses, and that it executes nothing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core import indicators
from wufei.core.formula import FormulaError, Reference, ZeroDenominator, parse

names = st.sampled_from(["a", "b_c", "x[urban]", "indicator:r", "prev(a)", "base(a + b_c)", "at(2019, a)"])
formulas = st.recursive(
    st.one_of(names, st.integers(0, 10**9).map(str), st.decimals(0, 999, places=3).map(str)),
    lambda parts: st.tuples(parts, st.sampled_from("+-*/"), parts).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=12,
)


def test_a_share_is_computed_in_exact_fractions():
    figures = {"used": Fraction(41, 1000), "total": Fraction(44, 1000)}
    value = parse("used / total * 100").evaluate_exact(lambda ref: figures[ref.element], 2022)
    assert value == Fraction(4100, 44)  # 93.1818…


def test_decimals_keep_their_digits():
    assert parse("0.1 + 0.2").evaluate_exact(lambda ref: Fraction(0), 2022) == Fraction(3, 10)


def test_multiplication_binds_before_addition_and_subtraction_goes_from_the_left():
    assert parse("10 - 2 - 3 * 2").evaluate_exact(lambda ref: Fraction(0), 2022) == 2
    assert parse("-(2 + 3) * 2").evaluate_exact(lambda ref: Fraction(0), 2022) == -10


def test_prev_base_and_at_name_the_year_of_each_figure():
    formula = parse("x[urban] / prev(x) - base(x + prev(y)) * at(2019, z)")
    assert formula.references(2022, base_year=2020) == (
        Reference("x", "urban", 2022),
        Reference("x", "", 2021),
        Reference("x", "", 2020),
        Reference("y", "", 2019),
        Reference("z", "", 2019),
    )


def test_a_zero_divisor_is_said_to_be_one():
    with pytest.raises(ZeroDenominator):
        parse("1 / x").evaluate_exact(lambda ref: Fraction(0), 2022)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a +",
        "(a",
        "a)",
        "a[",
        "a[1]",
        "a[b",
        "x ** 2",
        "1.5.2",
        "1e9",
        "1_000",
        "0x10",
        "__import__('os')",
        "exp(1)",
        "a.b",
        "a == b",
        "lambda: 0",
        "a if b else c",
        "a; b",
        "'a'",
        "at(20, x)",
        "at(x, 2020)",
        "[a]",
        "{a}",
        "a@b",
        "１",
        "(" * 60 + "a" + ")" * 60,
        "-" * 60 + "a",
        "9" * 31,
        "+".join(["a"] * 400),
        "a" * 2001,
        "a\x00b",
    ],
)
def test_what_is_no_formula_is_refused_with_a_reason(text):
    with pytest.raises(FormulaError, match=r"\w"):
        parse(text)


@given(st.one_of(st.text(max_size=80), st.text(alphabet="ab()[],+-*/. 0123456789:@", max_size=80)))
def test_any_text_is_read_or_refused_and_never_anything_else(text):
    try:
        formula = parse(text)
    except FormulaError:
        return
    try:
        formula.evaluate_exact(lambda ref: Fraction(len(ref.element)), 2022)
    except ZeroDenominator:
        pass


@given(formulas, st.integers(1, 50), st.integers(1, 50))
def test_a_formula_computes_what_python_computes_on_fractions(text, a, b):
    # Second implementation: Python's own arithmetic on the same expression, with every name replaced by a fraction.
    formula = parse(text)
    figures = {"a": Fraction(a), "b_c": Fraction(b), "x": Fraction(a, b), "indicator:r": Fraction(7)}
    python = text
    for name, value in [
        ("base(a + b_c)", a + b),
        ("prev(a)", a),
        ("at(2019, a)", a),
        ("x[urban]", Fraction(a, b)),
        ("indicator:r", 7),
        ("b_c", b),
    ]:
        python = python.replace(name, f"F('{value}')")
    python = "".join(f"F({a})" if token == "a" else token for token in _words(python))
    expected = error = None
    try:
        expected = eval(python, {"__builtins__": {}, "F": _F})  # noqa: S307 - the text is made above
    except ZeroDivisionError:
        error = ZeroDenominator
    if error:
        with pytest.raises(ZeroDenominator):
            formula.evaluate_exact(lambda ref: figures[ref.element], 2022)
    else:
        assert formula.evaluate_exact(lambda ref: figures[ref.element], 2022) == expected.value


class _F:
    """A fraction that lifts plain numbers, decimals included, exactly."""

    def __init__(self, value):
        self.value = Fraction(value)

    def __add__(self, other):
        return _F(self.value + other.value)

    def __sub__(self, other):
        return _F(self.value - other.value)

    def __mul__(self, other):
        return _F(self.value * other.value)

    def __truediv__(self, other):
        return _F(self.value / other.value)


def _words(text):
    """The tokens of a made-up formula, numbers lifted to ``F('…')``."""
    import re

    for token in re.findall(r"F\('[^']*'\)|\d+(?:\.\d+)?|[a-z_]+|.", text):
        yield f"F('{token}')" if token[0].isdigit() else token


def test_every_formula_of_the_tables_is_read_and_asks_only_for_known_elements():
    known = set(indicators.elements())
    texts = [row.formula for row in indicators.indicators().values() if row.formula]
    texts += [reading.formula for key in indicators.indicators() for reading in indicators.alternatives(key)]
    asked = {ref.element for text in texts for ref in parse(text).references(2022)}
    assert asked <= known
    assert len(texts) == 98 - 10 + 12  # 98 indicators, 10 of them without a formula, 12 other readings
