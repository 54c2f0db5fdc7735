"""The record book's tables and rules. Batch number and prefixes after HJ 1259-2022, appendix B (printed example)."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.ledger import SHANGHAI, Bucket, fold
from wufei.core.ledger_rules import Batch, check, kinds, to_us
from wufei.core.record_book import (
    POSTS,
    ROLES,
    Place,
    as_posting,
    batch_number,
    books,
    books_of,
    check_entry,
    from_posting,
    movements_of,
    prefix_of,
    reversal_of,
    tables,
)
from wufei.core.reference import read_table
from wufei.core.regulations import clauses

AT = datetime(2026, 11, 25, 8, tzinfo=SHANGHAI)
HERE = Place("site:S1", "boundary:330523")
OIL = "900-249-08"


def values(table, **more):
    code = {"hazardous": OIL, "industrial": "900-001-S17", "household": "900-002-S61", "recyclables": "R04"}
    code["agricultural"] = "010-001-S80"
    method = {"utilised": "R9", "disposed": "D10", "": "R9"}[table.bucket]
    known = {"occurred_at": AT.isoformat(), "waste_code": table.code or code[table.domains[0]], "mass_g": 1_000}
    known |= {"method": method, "receiver_kind": "permit"}
    return {name: value for name, value in known.items() if table.has(name)} | more


def test_the_number_of_a_batch_as_the_standard_prints_it():
    assert batch_number("HWCS", date(2021, 10, 31), 1) == "HWCS20211031001"
    assert batch_number("HWCS", date(2021, 10, 31), 999) == "HWCS20211031999"
    assert batch_number("HWCS", date(2021, 10, 31), 1000) is None


@pytest.mark.parametrize(("table", "more", "prefix"), [
    ("hw-generate", {}, "HWCS"), ("hw-in", {}, "HWRK"), ("hw-out", {}, "HWCK"),
    ("hw-own", {"method": "R9"}, "HWZXLY"), ("hw-own", {"method": "D10"}, "HWZXCZ"),
    ("hw-entrust", {"method": "R9"}, "HWWWLY"), ("hw-entrust", {"method": "D10"}, "HWWWCZ"),
    ("hw-entrust", {"method": "R9", "receiver_kind": "abroad"}, "HWCKLY"),
    ("hw-entrust", {"method": "D10", "receiver_kind": "abroad"}, "HWCKCZ"),
])  # fmt: skip
def test_prefixes_of_hazardous_waste(table, more, prefix):
    assert prefix_of(tables()[table], values(tables()[table], **more)) == prefix


def test_every_table_is_whole():
    categories = {row["category"] for row in read_table("registry/site_categories.csv")}
    prefixes = [prefix for table in tables().values() for prefix in table.prefixes.values()]
    assert len(prefixes) == len(set(prefixes))
    for book in books().values():
        assert set(book.site_categories) <= categories, book.book
        assert not book.keep or book.keep in clauses()
    for table in tables().values():
        assert table.post in POSTS, table.table
        assert table.role in ROLES, table.table
        assert table.has("occurred_at"), table.table
        assert table.post == "none" or (table.has("waste_code") and table.has("mass_g")), table.table
        assert table.post != "treat" or table.field("method").required, table.table
        assert len({one.name for one in table.fields}) == len(table.fields), table.table


def test_the_seven_tables_of_general_industrial_waste():
    # announcement 82 of 2021: tables 1 to 3 are required, 4 to 7 as the place asks.
    listed = books()["industrial"].tables
    assert [table.name[:4] for table in listed] == [f"附表 {n}" for n in range(1, 8)]
    assert [table.required for table in listed] == [True] * 3 + [False] * 4


def test_books_of_a_site_by_its_category():
    assert [book.book for book in books_of("canteen")] == ["hazardous", "kitchen"]
    assert [book.book for book in books_of("scale_farm")] == ["hazardous", "manure"]


@pytest.mark.parametrize("name", [name for name, table in tables().items() if not table.derived])
def test_what_an_entry_posts_is_what_the_ledger_takes(name):
    table = tables()[name]
    cells = values(table)
    assert check_entry(table, cells, now=AT) == []
    posted = movements_of(table, cells, HERE, document="book:S1:X", at=AT)
    assert len(posted) == (0 if table.post == "none" else 1)
    if posted:
        assert check(Batch.of(posted), now_us=to_us(AT)) == []
        assert all(one.kind in kinds() for one in posted)


def test_what_goes_by_manifest_does_not_post_itself():
    table = tables()["giw-leave"]
    cells = values(table)
    (sent,) = movements_of(table, cells, HERE, document="d", at=AT)
    assert (sent.kind, sent.target.bucket) == ("send", Bucket.OUTSIDE)
    (given_,) = movements_of(table, cells, Place("site:S1", "boundary:330523", "site:S2"), document="d", at=AT)
    assert (given_.kind, given_.target.holder) == ("unload", "site:S2")
    assert movements_of(table, {**cells, "manifest_number": "Y1"}, HERE, document="d", at=AT) == []
    assert movements_of(tables()["hw-entrust"], values(tables()["hw-entrust"]), HERE, document="d", at=AT) == []


def test_treatment_and_what_comes_out_are_tied_by_one_document():
    table = tables()["hw-own"]
    cells = values(table, method="D10", residue_code="772-003-18", residue_g=300)
    posted = movements_of(table, cells, HERE, document="book:S1:HWZXCZ20261125001", at=AT)
    assert [(one.kind, one.source.bucket, one.target.bucket, one.mass_g) for one in posted] == [
        ("dispose", "stored", "disposed", 1_000), ("generate", "generated", "stored", 300),
    ]  # fmt: skip
    assert posted[0].target.method == "D10"
    assert {one.document for one in posted} == {"book:S1:HWZXCZ20261125001"}


@given(
    st.sampled_from([n for n, t in tables().items() if t.post != "none"]),
    st.integers(1, 10**12),
    st.integers(0, 10**9),
)
def test_a_reversal_undoes_to_the_gram(name, mass_g, residue_g):
    table = tables()[name]
    more = {"residue_code": "900-099-S17", "residue_g": residue_g} if table.has("residue_g") and residue_g else {}
    posted = movements_of(table, values(table, mass_g=mass_g, **more), HERE, document="d", at=AT)
    assert [from_posting(as_posting(one)) for one in posted] == posted
    undone = reversal_of(posted, document="r", at=AT, reason="错")
    assert set(fold([*posted, *undone]).values()) <= {0}


def test_an_entry_is_told_all_that_is_wrong():
    table = tables()["giw-use"]
    cells = values(
        table, waste_code=OIL, mass_g=0, occurred_at=(AT + timedelta(days=1)).isoformat(), method="D10", residue_g=1
    )
    codes = {finding.code for finding in check_entry(table, cells, now=AT, line=3)}
    assert codes == {"wrong_domain", "no_mass", "time_in_future", "wrong_method", "residue_incomplete"}
    assert [f.code for f in check_entry(tables()["giw-flow"], {}, now=AT)] == ["derived_table"]
