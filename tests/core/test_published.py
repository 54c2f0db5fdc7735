"""The figures that packs bring: each is what is printed, in its own unit, with its place in the document."""

import re

import pytest

from wufei.core import indicators, validation
from wufei.core.plan import pack_divisions
from wufei.core.published import pack_divisions_with_values, pack_values
from wufei.core.value_rows import convert
from wufei.core.values import printed_number

SOURCE = re.compile(r".+（原文第\d+(?:[-–—、]\d+)*行）")
PACKS = pack_divisions_with_values()


@pytest.mark.parametrize("division", PACKS)
def test_every_figure_names_a_known_element_and_its_place_in_the_document(division):
    for value in pack_values(division):
        assert indicators.name_of(value.element)
        assert SOURCE.fullmatch(value.source), value
        assert re.fullmatch(r"20\d\d(-\d\d)?", value.period), value
        assert value.scope == "" or indicators.scope_name(value.scope) != value.scope, value


@pytest.mark.parametrize("division", PACKS)
def test_every_figure_is_what_is_printed_converted_to_the_elements_own_unit(division):
    for value in pack_values(division):
        printed = printed_number(value.printed)
        if value.value is None or printed is None:
            continue
        own = indicators.unit_of(value.element)
        converted = convert(printed, value.unit.replace("左右", ""), own)
        assert converted in {None, value.value}, value


@pytest.mark.parametrize("division", PACKS)
def test_no_figure_is_brought_twice(division):
    keys = [value.key for value in pack_values(division)]
    assert len(keys) == len(set(keys))


def test_anji_and_longyou_bring_what_their_documents_print():
    # Counted by hand: 安吉 chapters 2 and 3; 龙游 annex 1 with its parts, and the area and towns of its text.
    assert (len(pack_values("330523")), len(pack_values("330825"))) == (238, 41)


@pytest.mark.parametrize("division", pack_divisions())
def test_every_relation_of_every_pack_is_read_and_names_only_what_exists(division):
    keys = {row.key for row in validation.target_rows(_pack(division))}
    for relation in validation.place_relations(division):
        for reference in relation.references(2022):
            name = reference.element
            assert name in keys or indicators.name_of(name), relation
    for statement in validation.place_statements(division):
        assert SOURCE.fullmatch(statement.source), statement


def _pack(division):
    from wufei.core.plan import read_pack

    return read_pack(division)
