"""JSON pointers: the examples of RFC 6901, and patterns."""

import pytest

from wufei.core.pointers import ABSENT, NoSuchPlace, matches, put, segments, take, value_at

# RFC 6901, 5: the document and what its pointers evaluate to (as far as our documents have such names).
PRINTED = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(("pointer", "value"), [
    ("", PRINTED), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3),
    ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
])  # fmt: skip
def test_pointers_lead_where_rfc_6901_prints(pointer, value):
    assert value_at(PRINTED, pointer) == value


@pytest.mark.parametrize("pointer", ["/x", "/foo/2", "/foo/-", "/foo/01", "/foo/x", "/foo/0/y"])
def test_a_pointer_to_nothing_finds_nothing(pointer):
    assert value_at(PRINTED, pointer) is ABSENT


def test_a_pointer_begins_with_a_slash():
    with pytest.raises(NoSuchPlace):
        segments("foo")


def test_values_are_put_and_taken():
    document = {"list": [1, 2], "name": "x"}
    put(document, "/list/-", 3), put(document, "/list/0", 9), put(document, "/more", None)
    assert document == {"list": [9, 2, 3], "name": "x", "more": None}
    take(document, "/list/1"), take(document, "/more")
    assert document == {"list": [9, 3], "name": "x"}
    for pointer in ("/list/7", "/name/deep", "/none/deep"):
        with pytest.raises(NoSuchPlace):
            put(document, pointer, 1)
        with pytest.raises(NoSuchPlace):
            take(document, pointer)
    assert document == {"list": [9, 3], "name": "x"}


@pytest.mark.parametrize(("pattern", "pointer", "fits"), [
    ("/wastes/*/mass_g", "/wastes/0/mass_g", True), ("/wastes/*/mass_g", "/wastes/0/name", False),
    ("/wastes/*/mass_g", "/wastes/0", False), ("/receipt/**", "/receipt/lines/0/accepted_g", True),
    ("/receipt/**", "/receipt", False), ("/**", "/anything", True),
])  # fmt: skip
def test_a_pattern_fits_whole_places(pattern, pointer, fits):
    assert matches(segments(pattern), segments(pointer)) is fits
