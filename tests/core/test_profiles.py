"""Profiles of the domains and the register of regulations: every key leads somewhere."""

import re
from datetime import date

from wufei.core.catalogue import DOMAINS, categories, methods
from wufei.core.ledger import Bucket
from wufei.core.profiles import profiles
from wufei.core.reference import names, read_document, read_table
from wufei.core.regulations import clause_on, clauses


def test_there_is_one_profile_a_domain():
    assert tuple(profiles()) == DOMAINS
    assert names("catalogue/profiles", ".json") == sorted(DOMAINS)


def test_every_key_of_a_profile_leads_somewhere():
    kinds = {row["kind"] for row in read_table("ledger/kinds.csv")}
    indicators = {row["id"] for row in read_table("indicators/indicators.csv")}
    for profile in profiles().values():
        assert set(profile.buckets) <= set(Bucket)
        assert set(profile.methods) <= set(methods()), profile.domain
        assert set(profile.record_kinds) <= kinds, profile.domain
        assert set(profile.indicators) <= indicators, profile.domain
        assert set(profile.limits) <= set(clauses()), profile.domain
        assert re.fullmatch("#[0-9a-f]{6}", profile.colour)


def test_every_category_belongs_to_the_one_domain_that_its_code_says():
    listed = [(category, p.domain) for p in profiles().values() for category in p.categories if category != "R"]
    assert len(listed) == len({category for category, _ in listed}) == 46 + 34
    assert all(categories()[category].domain == domain for category, domain in listed)


def test_colours_of_the_domains_differ():
    assert len({profile.colour for profile in profiles().values()}) == 6


def test_the_waste_law_ends_the_day_before_the_code_begins():
    assert clause_on("swl-2020/storage-limit", date(2026, 8, 14)).value == "1"
    assert clause_on("swl-2020/storage-limit", date(2026, 8, 15)) is None
    assert clause_on("eco-code-2026/old-and-lighter", date(2026, 8, 14)) is None
    assert clause_on("eco-code-2026/repeals", date(2026, 8, 15)) is not None
    assert clauses()["eco-code-2026/waste-part"].confidence == "low"


def test_every_document_says_its_source_and_confidence():
    for name in names("regulations", ".json"):
        raw = read_document(f"regulations/{name}.json")
        assert raw["source"], name
        assert {raw["confidence"]} | {c["confidence"] for c in raw["clauses"]} <= {"high", "medium", "low"}
        assert all(clause["says"] and clause["article"] for clause in raw["clauses"]), name


def test_printed_limits_that_alerts_will_use():
    # standards collected 2026-11-22, section 10 and 7
    expected = {
        "transfer-2021/confirm": ("5", "working_day"),
        "gb18597-2023/point-limit": ("3", "t"),
        "hj1259-2022/plan-due": ("03-31", "month-day"),
        "medical-storage/store": ("48", "hour"),
        "gb39707-2020/warm": ("24", "hour"),
        "gb39707-2020/cold": ("72", "hour"),
        "gb39707-2020/remote": ("168", "hour"),
        "permit-measures/over-capacity": ("20", "percent"),
    }
    assert {key: (clauses()[key].value, clauses()[key].unit) for key in expected} == expected
