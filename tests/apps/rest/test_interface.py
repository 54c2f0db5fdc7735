"""The OpenAPI document and its page: written from the code, complete, without anything from elsewhere."""

import re
from collections import Counter

import pytest

from wufei.apps.rest.schemas import In, Out

pytestmark = pytest.mark.django_db


def document(client):
    return client.get("/api/v1/openapi.json").json()


def test_every_operation_names_its_problems_and_its_scope(client, site):
    paths = document(client)["paths"]
    write, read = paths["/api/v1/things/"]["post"], paths["/api/v1/things/"]["get"]
    assert set(write["responses"]) == {"201", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503"}
    assert set(read["responses"]) == {"200", "400", "401", "403", "404", "422", "500", "503"}
    assert list(write["responses"]["422"]["content"]) == ["application/problem+json"]
    assert (write["security"], read["security"]) == (
        [{"Bearer": ["manifests:write"]}],
        [{"Bearer": ["manifests:read"]}],
    )
    names = {(parameter["in"], parameter["name"]) for parameter in write["parameters"]}
    assert names == {("header", "Idempotency-Key"), ("query", "dry_run")}


def test_every_reference_of_the_document_leads_somewhere(client):
    told = document(client)
    references = set(re.findall(r"'#/components/schemas/(\w+)'", repr(told)))
    assert references <= set(told["components"]["schemas"])
    identifiers = [op["operationId"] for path in told["paths"].values() for op in path.values()]
    assert len(set(identifiers)) == len(identifiers)


def test_the_page_shows_every_operation_and_needs_nothing_from_elsewhere(client, site):
    page = client.get("/api/v1/docs").content.decode()
    for operation in ("list_things", "create_thing", "get_thing"):
        assert f'id="{operation}"' in page
    assert "manifests:write" in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script>" not in page
    assert " style=" not in page


def test_a_problem_leads_to_its_explanation(client):
    kind = client.get("/api/v1/problems/idempotency_key_reused").json()
    assert kind["status"] == 422
    assert "换一个新的键" in kind["explanation"]
    assert client.get("/api/v1/problems/nothing").status_code == 404


def test_the_entrance_names_addresses_that_answer(client):
    entrance = client.get("/api/v1/").json()
    assert {name: client.get(address).status_code for name, address in entrance.items()} == {
        "documentation": 200,
        "openapi": 200,
        "problems": 200,
        "me": 401,
    }


def test_no_two_shapes_have_one_name(client):
    """The document names a shape by its class: of two with one name, one would describe the other's answers."""
    assert document(client)["paths"]  # every part of the interface is loaded now

    def below(base):
        return [c for child in base.__subclasses__() for c in (child, *below(child))]

    named = Counter(c.__name__ for c in {*below(In), *below(Out)} if c.__module__.startswith("wufei."))
    assert [name for name, count in named.items() if count > 1] == []
