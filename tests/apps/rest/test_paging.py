"""Pages by key: every row once, however many share an instant, also while rows come and go."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.apps.rest.test_tokens import told

from wufei.apps.facts.models import Fact

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


def make(count, every=4):
    """``count`` facts of which ``every`` share an instant."""
    rows = [
        Fact(recorded_at=AT + timedelta(minutes=n // every), actor="a", verb="load_plan", subject=f"{n:03}")
        for n in range(count)
    ]
    Fact.objects.bulk_create(rows)


def walk(caller, address, limit):
    cursor, seen = "", []
    while True:
        page = caller("get", f"{address}?limit={limit}&cursor={cursor}").json()
        seen.append([item["name"] for item in page["items"]])
        if page["next"] is None:
            return seen
        cursor = page["next"]


@pytest.mark.parametrize("limit", [1, 3, 4, 10, 25, 26])
def test_every_row_is_on_one_page(caller, limit):
    make(25)
    pages = walk(caller, "things/", limit)
    assert [name for page in pages for name in page] == [f"{n:03}" for n in range(25)]
    assert all(len(page) == limit for page in pages[:-1])


def test_a_list_may_run_by_a_text(caller):
    make(7)
    Fact.objects.exclude(verb="load_plan").delete()
    assert walk(caller, "things/by-number/", 3) == [["000", "001", "002"], ["003", "004", "005"], ["006"]]


def test_updated_since_gives_what_has_changed_from_then_on(caller):
    make(8)
    page = caller("get", "things/?updated_since=2026-11-25T16:01:00%2B08:00").json()
    assert [item["name"] for item in page["items"]] == ["004", "005", "006", "007"]


def test_an_empty_list_has_no_next(caller):
    assert caller("get", "things/").json() == {"items": [], "next": None}


def cursor_of(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "密",
        "a" * 601,
        cursor_of("subject", "000", 1),  # of another list
        cursor_of("recorded_at", "2026-11-25", 1),
        cursor_of("recorded_at", "2026-11-25T08:00:00", 1),
        cursor_of("recorded_at", None, 1),
        cursor_of("recorded_at", AT.isoformat(), 2**80),
        cursor_of("recorded_at", AT.isoformat(), "x"),
        cursor_of("recorded_at", AT.isoformat(), [1]),
        cursor_of("recorded_at", AT.isoformat()),
        base64.urlsafe_b64encode(b"[" * 400).decode(),
    ],
)
def test_a_cursor_that_is_not_ours_is_a_problem(caller, cursor):
    make(3)
    assert told(caller("get", f"things/?cursor={cursor}")) in {"bad_cursor", "invalid"}


def test_a_page_costs_the_same_for_few_and_many_rows(caller, django_assert_num_queries):
    make(3)
    caller("get", "things/")
    with django_assert_num_queries(2):
        caller("get", "things/?limit=2")
    make(300)
    with django_assert_num_queries(2):
        caller("get", "things/?limit=200")


@pytest.mark.parametrize(
    "bare", ["0.0", "1700000000", "-1", "2026", "0001-01-01T00:00:00%2B08:00", "9999-12-31T23:59:59-08:00"]
)
def test_a_time_is_written_out_and_no_bare_number(caller, bare):
    answer = caller("get", f"things/?updated_since={bare}")
    assert (answer.status_code, [e["parameter"] for e in answer.json()["errors"]]) == (422, ["updated_since"])
