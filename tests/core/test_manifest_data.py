"""The tables of the manifests: every key leads somewhere, every waste code has its kind of manifest."""

from wufei.core.catalogue import waste_codes
from wufei.core.manifest import LIFE, STAGES, Event, Status, allowed_events
from wufei.core.manifest_number import format_number, parse_number, serial_key
from wufei.core.manifest_profiles import (
    choices,
    domains_of_profile,
    domains_with_code,
    fields,
    manifest_profiles,
    profiles_for,
)
from wufei.core.manifest_values import READERS
from wufei.core.regulations import clauses


def test_every_listed_waste_has_a_kind_of_manifest():
    assert [code for code in waste_codes() if not profiles_for(code)] == []


def test_fields_have_known_types_and_stages():
    for field in fields():
        kind, _, rest = field.type.partition(":")
        assert kind in READERS or kind in {"text", "choice"}, field
        assert kind != "choice" or choices(rest), field
        assert field.required_from in {"", *STAGES}, field
        assert field.sealed_from in STAGES, field
        assert STAGES.index(field.sealed_from) >= STAGES.index(field.required_from or "draft"), field


def test_profiles_name_known_clauses_series_and_events():
    series = [p.series for p in manifest_profiles().values() if p.series != "national"]
    assert len(series) == len(set(series))
    for profile in manifest_profiles().values():
        assert set(profile.signs) <= {e.value for e in Event}, profile.id
        assert not profile.confirm_within[2] or profile.confirm_within[2] in clauses(), profile.id


def test_closed_manifests_know_amendments_alone_and_every_stage_is_reached():
    assert {s: allowed_events(s) for s in (Status.CONFIRMED, Status.REFUSED, Status.VOID)} == {
        Status.CONFIRMED: [Event.AMEND],
        Status.REFUSED: [Event.AMEND],
        Status.VOID: [],
    }
    reached = {Status.DRAFT, Status.PARTLY_ACCEPTED, *LIFE.values()}  # partly accepted is an outcome of confirm
    assert reached == set(Status)


def test_the_number_printed_in_the_measures():
    # 2026 + 33 + 05 + 000123: year, province, city, serial (transfer-2021/manifest-number)
    number = format_number(serial_key("national", 2026, "330523001"), 123)
    assert number == "20263305000123"
    parsed = parse_number(number)
    assert (parsed.year, parsed.place, parsed.serial) == (2026, "3305", 123)
    own = format_number(serial_key("GY", 2026, "330523001"), 123)
    assert own == "GY20263305230000123"
    assert parse_number(own).series == "GY"
    assert parse_number("GY2026330523000012") is None


def test_the_domains_of_a_kind_are_those_of_its_wastes():
    # Sludge: SW07 is industrial, SW90 (sewage works) is household. A hazardous code stands on hazardous kinds alone.
    assert domains_of_profile("sludge") == {"industrial", "household"}
    assert domains_of_profile("hazardous") == {"hazardous"}
    assert domains_with_code("900-214-08") == {"hazardous"}
    assert domains_with_code("462-001-S90") >= {"household", "industrial"}
    assert domains_with_code("no-such-code") == frozenset()
