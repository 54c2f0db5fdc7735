"""The flow picture draws the balance identity: what enters a group leaves it."""

from hypothesis import given
from hypothesis import strategies as st

from wufei.apps.cockpit.material import SINKS, SOURCES, Link, Treated, fold_small, links
from wufei.core.ledger import BalanceLine

GRAMS = st.integers(0, 10**12)
# (opening, generated, received, utilised, disposed, dumped, sent, unexplained); closing is what is left over
INCOME = st.tuples(
    st.sampled_from(["313-001-01", "900-041-49"]), *[GRAMS] * 3, *[GRAMS] * 4, st.integers(-(10**9), 10**9)
)


def line(code, opening, generated, received, utilised, disposed, dumped, sent, unexplained):
    closing = opening + generated + received - utilised - disposed - dumped - sent - unexplained
    return BalanceLine(
        code, code, "hazardous", opening, generated, received, utilised, disposed, dumped, sent, closing, unexplained
    )


def flows_of(found, group):
    entering = sum(link.mass_g for link in found if link.target == f"group:{group}")
    leaving = sum(link.mass_g for link in found if link.source == f"group:{group}")
    return entering, leaving


@given(st.lists(INCOME, min_size=1, max_size=5))
def test_what_enters_a_group_leaves_it(rows):
    lines = [row for row in (line(*row) for row in rows) if row.closing_g >= 0]
    found = links(lines, [], by_code=True)
    for code in {row.waste_code for row in lines}:
        entering, leaving = flows_of(found, code)
        assert entering == leaving


def test_a_hand_made_year_gives_these_streams():
    # 10 t in stock + 100 t generated = 60 t utilised (R4) + 30 t landfilled (D1) + 20 t left
    year = line("900-041-49", 10_000_000, 100_000_000, 0, 60_000_000, 30_000_000, 0, 0, 0)
    treated = [
        Treated("900-041-49", "hazardous", "utilised", "R4", 60_000_000),
        Treated("900-041-49", "hazardous", "disposed", "D1", 30_000_000),
    ]
    assert links([year], treated, by_code=False) == [
        Link("generated", "group:hazardous", 100_000_000, "generated", "hazardous"),
        Link("group:hazardous", "utilised", 60_000_000, "utilised", "hazardous"),
        Link("utilised", "method:utilised:R4", 60_000_000, "utilised", "", "R4"),
        Link("group:hazardous", "disposed", 30_000_000, "disposed", "hazardous"),
        Link("disposed", "method:disposed:D1", 30_000_000, "disposed", "", "D1"),
        Link("group:hazardous", "closing", 20_000_000, "closing", "hazardous"),
        Link("opening", "group:hazardous", 10_000_000, "opening", "hazardous"),
    ]


def test_mass_that_was_found_enters_from_the_left():
    year = line("900-041-49", 0, 5, 0, 8, 0, 0, 0, -3)
    assert Link("unexplained:found", "group:900-041-49", 3, "unexplained", "900-041-49") in links(
        [year], [], by_code=True
    )


def test_no_stream_is_both_source_and_sink():
    assert not set(SOURCES) & set(SINKS)


def test_the_largest_codes_are_kept_and_the_rest_folded():
    lines = [line(str(n), 0, n, 0, n, 0, 0, 0, 0) for n in (3, 1, 2)]
    kept, rest = fold_small(lines, keep=2)
    assert [row.waste_code for row in kept] == ["3", "2"]
    assert [row.waste_code for row in rest] == ["1"]
