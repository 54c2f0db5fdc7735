"""Who takes part: invented, and recognisably so."""

import re
from collections import Counter

from wufei.core.credit_code import make_credit_code
from wufei.core.simulation import load_scenario, make_cast

ANJI = load_scenario("330523", 2022)
CAST = make_cast(ANJI, 1)


def check_character(first_17: str) -> str:
    """GB 32100-2015 7.1, written anew: the sum over all 18 places is a multiple of 31."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]  # printed in the standard
    total = sum(alphabet.index(char) * weight for char, weight in zip(first_17, weights, strict=True))
    return alphabet[(31 - total % 31) % 31]


def test_credit_codes_are_well_formed_and_lie_in_the_simulated_range():
    for organisation in CAST.organisations:
        code = organisation.credit_code
        assert re.fullmatch(r"Y1330523MN[0-9]{6}[0-9X][0-9A-Y]", code), code
        assert code[17] == check_character(code[:17])


def test_the_organisation_number_carries_its_own_check_character():
    # MN000001: M=22, N=23; 22*3 + 23*7 + 1*2 = 229; 229 mod 11 = 9; 11 - 9 = 2 (GB 11714-1997).
    assert make_credit_code("330523", 1)[8:17] == "MN0000012"


def test_names_and_plates_say_that_they_are_simulated():
    assert all(organisation.name.startswith("模拟·") for organisation in CAST.organisations)
    assert all(vehicle.plate.startswith("模拟") for fleet in CAST.vehicles.values() for vehicle in fleet)
    assert all(site.code.startswith("SIM-330523-") for sites in CAST.sites.values() for site in sites)


def test_codes_names_and_plates_are_unique():
    for names in (
        [organisation.credit_code for organisation in CAST.organisations],
        [organisation.name for organisation in CAST.organisations],
        [site.code for sites in CAST.sites.values() for site in sites],
        [vehicle.plate for fleet in CAST.vehicles.values() for vehicle in fleet],
    ):
        assert max(Counter(names).values()) == 1


def test_the_published_numbers_of_units_hold():
    # 医疗机构109家, 其中42家有可回收物 (line 301); 动物医废35家, 19家纳入 (303); 行政村168 (207); 规模场23家 (227)
    count = {group: len(sites) for group, sites in CAST.sites.items()}
    assert (count["hospital"], count["hospital"] + count["clinic"]) == (42, 109)
    assert (count["vet_covered"], count["vet_covered"] + count["vet_open"]) == (19, 35)
    assert count["village"] == count["field"] == 168
    assert (count["pig_farm"], count["broiler_farm"], count["sheep_farm"]) == (11, 8, 4)


def test_every_township_has_sites_and_who_there_is_does_not_depend_on_the_seed():
    assert {site.division for sites in CAST.sites.values() for site in sites} == {t.code for t in ANJI.townships}
    assert make_cast(ANJI, 2).organisations == CAST.organisations


def test_sites_stand_near_their_township():
    towns = {town.code: town for town in ANJI.townships}
    for sites in CAST.sites.values():
        for site in sites:
            town = towns[site.division]
            assert abs(site.longitude - town.longitude) < 1
            assert abs(site.latitude - town.latitude) < 1
