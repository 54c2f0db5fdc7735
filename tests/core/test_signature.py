"""Personal signatures: canonical content as RFC 8785 prints it, keys and signatures of published vectors."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.signature import (
    Algorithm,
    BadSignature,
    NotCanonical,
    Signed,
    Statement,
    canonical_json,
    check_signature,
    content_hash,
    holds,
    instant_text,
    is_public_key,
    key_id,
    round_leaf,
    round_path,
    round_root,
    round_statement,
    sign_bytes,
)

# RFC 8032, 7.1: secret key, public key, message, signature of TEST 1, 2 and 3.
RFC8032 = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip

# RFC 6979, A.2.5: P-256 with SHA-256; the public key, and the signatures of "sample" and "test".
P256 = bytes.fromhex(
    "04"
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
RFC6979 = [
    (b"sample", "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"),
    (b"test", "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
              "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"),
]  # fmt: skip

AT = datetime(2026, 11, 25, 8, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
SECRET = bytes.fromhex(RFC8032[0][0])
PUBLIC = bytes.fromhex(RFC8032[0][1])
STATEMENT = Statement(
    "manifest:20263305000017",
    "carrier:1",
    "depart",
    "ab" * 32,
    "zhang",
    "91330523MA2XXXXX0T",
    AT,
    None,
    key_id(PUBLIC),
)
SIGNED = Signed(STATEMENT, Algorithm.ED25519, PUBLIC, sign_bytes(STATEMENT.as_bytes(), SECRET))


# --- Canonical content


def test_names_are_sorted_as_rfc_8785_prints_them():
    # RFC 8785, 3.2.3: by UTF-16 code units, so the emoji (a surrogate pair) stands before U+FB33.
    given_value = {
        "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
        "\U0001f600": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis",
    }  # fmt: skip
    printed = ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
               "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"]  # fmt: skip
    assert list(json.loads(canonical_json(given_value)).values()) == printed


def test_text_is_escaped_as_rfc_8785_prints_it():
    # RFC 8785, 3.2.2 and 3.2.4: the member "string" and the literals of the sample, in their canonical bytes.
    sample = {"string": '\u20ac$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]}
    printed = (
        "7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c"
        "22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d"
    )
    assert canonical_json(sample) == bytes.fromhex(printed)


def test_hash_of_the_empty_object_is_that_of_its_two_bytes():
    # sha256sum of the two characters {}
    assert content_hash({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_the_same_text_in_two_unicode_forms_has_one_hash():
    assert content_hash({"名": "\u00e9"}) == content_hash({"名": "e\u0301"})


@pytest.mark.parametrize("wrong", [1.5, 2.0, float("nan"), b"x", {1: 2}, {"a": [object()]}, 2**53, "\ud800"])
def test_what_has_no_canonical_form_is_refused(wrong):
    with pytest.raises(NotCanonical):
        canonical_json(wrong)


def test_a_refusal_says_where():
    with pytest.raises(NotCanonical, match=r"1\.5 at /wastes/0/mass_t is of the type float"):
        canonical_json({"wastes": [{"mass_t": 1.5}]})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcé鄣", max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_canonical_bytes_read_back_and_written_again_are_the_same(value):
    raw = canonical_json(value)
    assert canonical_json(json.loads(raw)) == raw


@given(st.dictionaries(st.text("abc鄣", max_size=4), json_values, max_size=5), st.randoms())
def test_the_order_in_which_names_were_given_does_not_matter(value, random):
    names = list(value)
    random.shuffle(names)
    assert canonical_json({name: value[name] for name in names}) == canonical_json(value)


# --- Keys and signatures


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC8032)
def test_ed25519_signs_and_holds_as_rfc_8032_prints(secret, public, message, signature):
    made = sign_bytes(bytes.fromhex(message), bytes.fromhex(secret))
    assert made.hex() == signature
    assert holds(bytes.fromhex(message), made, algorithm=Algorithm.ED25519, public_key=bytes.fromhex(public))
    assert not holds(b"other", made, algorithm=Algorithm.ED25519, public_key=bytes.fromhex(public))


@pytest.mark.parametrize(("message", "signature"), RFC6979)
def test_ecdsa_of_a_browser_holds_as_rfc_6979_prints(message, signature):
    raw = bytes.fromhex(signature)
    assert holds(message, raw, algorithm=Algorithm.ECDSA_P256, public_key=P256)
    assert not holds(message + b".", raw, algorithm=Algorithm.ECDSA_P256, public_key=P256)
    assert not holds(message, raw[:-1] + b"\0", algorithm=Algorithm.ECDSA_P256, public_key=P256)


def test_a_key_of_the_wrong_kind_is_no_key():
    assert is_public_key(Algorithm.ECDSA_P256, P256)
    assert not is_public_key(Algorithm.ECDSA_P256, P256[:-1] + b"\0")  # a point off the curve
    assert not is_public_key(Algorithm.ED25519, P256)
    assert not is_public_key(Algorithm.ECDSA_P256, PUBLIC)


# --- The statement


def test_the_statement_is_ten_lines_with_times_as_javascript_writes_them():
    assert STATEMENT.as_bytes().decode().split("\n") == [
        "wufei-signature-1", "manifest:20263305000017", "carrier:1", "depart", "ab" * 32, "zhang",
        "91330523MA2XXXXX0T", "2026-11-25T00:30:00.123Z", "", key_id(PUBLIC), "",
    ]  # fmt: skip
    assert instant_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05.000Z"


def test_a_signature_holds_and_its_content_with_it():
    content = {"wastes": [{"code": "900-214-08", "mass_g": 1200}]}
    statement = replace(STATEMENT, content_hash=content_hash(content))
    signed = replace(SIGNED, statement=statement, signature=sign_bytes(statement.as_bytes(), SECRET))
    check_signature(signed, content=content)
    with pytest.raises(BadSignature, match="is not what was signed"):
        check_signature(signed, content={"wastes": []})


@pytest.mark.parametrize(("field", "other"), [
    ("subject", "manifest:20263305000018"), ("slot", "receiver"), ("event", "arrive"), ("content_hash", "cd" * 32),
    ("person", "li"), ("organisation", ""), ("claimed_at", AT + timedelta(milliseconds=1)), ("device_at", AT),
    ("key", "0" * 32),
])  # fmt: skip
def test_a_change_of_any_field_breaks_the_signature(field, other):
    check_signature(SIGNED)
    with pytest.raises(BadSignature):
        check_signature(replace(SIGNED, statement=replace(STATEMENT, **{field: other})))


def signed_round(count):
    documents = [replace(STATEMENT, subject=f"manifest:{n}", content_hash=f"{n:064x}") for n in range(count)]
    leaves = [round_leaf(s.subject, s.slot, s.event, s.content_hash) for s in documents]
    once = sign_bytes(round_statement(STATEMENT, round_root(leaves)).as_bytes(), SECRET)
    return [
        Signed(document, Algorithm.ED25519, PUBLIC, once, is_round=True, path=round_path(leaves, n))
        for n, document in enumerate(documents)
    ]


@given(st.integers(1, 20))
def test_one_signature_covers_every_document_of_a_round(count):
    for signed in signed_round(count):
        check_signature(signed)


def test_a_document_that_was_not_in_the_round_is_not_covered():
    first, second, *_ = signed_round(10)
    with pytest.raises(BadSignature):
        check_signature(replace(first, statement=second.statement))
    with pytest.raises(BadSignature):
        check_signature(replace(first, is_round=False))
    with pytest.raises(BadSignature, match="neither left nor right"):
        check_signature(replace(first, path=(("up", "00"),)))
    with pytest.raises(BadSignature, match="cannot be read"):
        check_signature(replace(first, path=(("left", "zz"),)))
