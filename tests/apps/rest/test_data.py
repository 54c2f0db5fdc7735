"""The tables of the interface agree with the code, with pydantic and with what is documented."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic_core import core_schema

from wufei.apps.rest import interface, problems
from wufei.apps.rest.reference import grants, limits, problem_kinds, scopes, validation_words

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "src/wufei"


def documented(heading):
    part = (ROOT / "docs/api.md").read_text().partition(f"<!-- {heading}:")[2]
    rows = part.partition("\n\n")[0].splitlines()[3:]
    return [tuple(cell.strip(" `") for cell in row.strip("|").split("|")) for row in rows]


def test_the_scopes_are_documented():
    assert documented("scopes") == list(scopes().items())


def test_the_kinds_of_problem_are_documented():
    assert documented("problems") == [(k.code, str(k.status), k.title) for k in problem_kinds().values()]


def test_every_kind_of_problem_is_used_and_every_used_one_is_known():
    text = "".join(path.read_text() for path in SOURCE.rglob("*.py"))
    named = {code for code in problem_kinds() if f'"{code}"' in text}
    assert named == set(problem_kinds())
    assert set(re.findall(r'Problem\(\s*"(\w+)"', text)) <= set(problem_kinds())


def test_every_status_of_a_problem_stands_in_the_openapi_document():
    listed = set(interface.READ_CODES) | set(interface.WRITE_CODES) | {405}
    assert {kind.status for kind in problem_kinds().values()} <= listed


def test_every_fault_is_one_that_pydantic_knows_or_our_own():
    assert set(validation_words()) - set(get_args(core_schema.ErrorType)) == {"grams_type"}


@pytest.mark.parametrize("kind", [*sorted(validation_words()), "no_such_kind"])
def test_every_fault_is_worded_without_gaps(kind):
    context = dict.fromkeys(re.findall(r"{(\w+)}", "".join(validation_words().get(kind, ("", "")))), 7)
    told = problems.pydantic_fault({"type": kind, "ctx": context, "input": "x", "loc": ()}, "/a")
    assert "{" not in str(told["detail"]).replace("{…}", "")
    assert str(told["detail"]).endswith("。")
    assert str(told["remedy"]).endswith("。")


@pytest.mark.parametrize(
    ("given", "scope", "granted"),
    [
        (["manifests:read"], "manifests:read", True),
        (["manifests:read"], "manifests:write", False),
        (["*:read"], "packages:read", True),
        (["*:read"], "packages:write", False),
        ([], "packages:read", False),
    ],
)
def test_a_scope_grants_itself_and_a_star_every_noun(given, scope, granted):
    assert grants(given, scope) is granted


def test_the_documented_bounds_are_those_of_the_data():
    page = (ROOT / "docs/api.md").read_text()
    assert f"after {limits().token_days_max} days" in page
    assert f"`limit` is {limits().page_default}, at most {limits().page_max}" in page
    assert f"kept for {limits().idempotency_days} days" in page
    assert f"At most {limits().body_bytes // 1024**2} MB" in page
    assert f"up to {limits().idempotency_key_length} characters" in page
