"""The address of a place's page is read once and written back; nonsense falls back to the default."""

from hypothesis import given
from hypothesis import strategies as st

from wufei.apps.cockpit.query import Query, read_query

YEARS = (2022, 2021)
NAMES = st.sampled_from(
    ["year", "values", "step", "section", "status", "department", "q", "sort", "list", "lead", "domain"]
)


def test_nothing_asked_gives_the_first_year_and_the_defaults():
    assert read_query({}, years=YEARS) == Query(year=2022)


def test_an_unknown_year_falls_back_to_the_first():
    assert read_query({"year": "1999"}, years=YEARS).year == 2022
    assert read_query({"year": "２０２１"}, years=YEARS).year == 2022
    assert read_query({"year": "2021"}, years=YEARS).year == 2021


def test_a_sort_may_be_turned_round_and_an_unknown_one_is_dropped():
    assert read_query({"sort": "-points"}, years=YEARS).sort == "-points"
    assert read_query({"sort": "password"}, years=YEARS).sort == "no"


def test_an_address_keeps_what_was_asked_and_changes_one_part():
    query = read_query({"year": "2021", "status": "no_data", "list": "projects"}, years=YEARS)
    assert query.url("/places/330523/", "#lists", list="tasks") == "/places/330523/?year=2021&status=no_data#lists"


@given(st.dictionaries(NAMES, st.text(max_size=90)))
def test_any_address_reads_and_reads_the_same_when_written_back(given):
    query = read_query(given, years=YEARS)
    assert read_query(dict(query.parts), years=YEARS) == query
