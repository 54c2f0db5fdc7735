"""``/api/v1/packages/`` and ``/api/v1/scans/``: the pages' services, with problems that name every fault."""

import json

import pytest
from django.utils import timezone
from tests.apps.packages.conftest import OIL, assign, get

from wufei.apps.packages.models import Package, PackageScan
from wufei.apps.rest.services import create_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(client, make_user, plant):
    """The plant's own program."""
    user = make_user("plant", "facility", organisation=plant.organisation)
    _, secret = create_token(
        username=user.username, scopes_wanted=["packages:read", "packages:write"], days=9, name="", actor="console",
        at=timezone.now(),
    )  # fmt: skip

    call_headers = {"Authorization": f"Bearer {secret}"}

    def call(method, address, data=None, **headers):
        sent = {} if data is None else {"data": json.dumps(data), "content_type": "application/json"}
        answer = client.generic(method, f"/api/v1/{address}", headers=call_headers | headers, **sent)
        return answer.status_code, json.loads(answer.content)

    call.headers = call_headers
    return call


def test_a_thousand_packages_from_code_to_end(caller, plant):
    status, body = caller(
        "POST", "packages/",
        {"site": plant.code, "waste_code": OIL, "count": 3, "masses_g": [100, 200, 300], "book": True},
    )  # fmt: skip
    assert status == 201
    first, second, third = body["codes"]
    assert caller("POST", f"packages/{first}/merge/", {"codes": [second]})[0] == 200
    status, made = caller("POST", f"packages/{third}/split/", {"parts_g": [100, 200]})
    assert caller("POST", f"packages/{made['codes'][0]}/nest/", {"codes": [made["codes"][1]]})[0] == 200
    status, ended = caller(
        "POST", f"packages/{made['codes'][0]}/retire/",
        {"method": "D10", "outputs": [{"waste_code": "772-003-18", "mass_g": 30}]},
    )  # fmt: skip
    assert status == 200
    status, trace = caller("GET", f"packages/{third}/trace/")
    assert status == 200
    assert sum(node["stays_g"] for node in trace["nodes"]) == trace["total_g"] == 300
    assert {node["code"] for node in trace["nodes"]} == {third, *made["codes"], *ended["codes"]}
    status, up = caller("GET", f"packages/{ended['codes'][0]}/trace/?way=up")
    assert [node["mass_g"] for node in up["nodes"] if node["code"] == third] == [30]


def test_a_list_by_key_with_filters(caller, plant):
    codes = assign(plant, [1000] * 7)
    status, page = caller("GET", "packages/?limit=5&status=assigned")
    assert [row["code"] for row in page["items"]] == codes[:5]
    status, page = caller("GET", f"packages/?limit=5&status=assigned&cursor={page['next']}")
    assert ([row["code"] for row in page["items"]], page["next"]) == (codes[5:], None)


def test_one_package_by_any_of_its_codes(caller, plant):
    (code,) = assign(plant, [1000])
    Package.objects.update(external_code="ZJ-9")
    for name in (code, code.lower(), "ZJ-9"):
        status, body = caller("GET", f"packages/{name}/")
        assert (status, body["code"], body["total_g"], len(body["steps"])) == (200, code, 1000, 1)
    assert caller("GET", "packages/nothing/")[0] == 404


def test_every_fault_is_named_with_its_place(caller, shop, plant):
    (own,), (foreign,) = assign(plant), assign(shop)
    status, body = caller("POST", f"packages/{own}/nest/", {"codes": [foreign, "x"]})
    assert status == 422
    assert [error["pointer"] for error in body["errors"]] == ["/codes/0", "/codes/1"]
    assert all(error["remedy"] for error in body["errors"])
    assert caller("POST", f"packages/{foreign}/store/", {})[0] == 404
    status, body = caller("POST", "packages/", {"site": shop.code, "waste_code": OIL})
    assert (status, body["errors"][0]["pointer"]) == (422, "/site")


def test_a_repeated_request_is_done_once_and_a_dry_run_not_at_all(caller, plant):
    asked = {"site": plant.code, "waste_code": OIL}
    assert caller("POST", "packages/?dry_run=true", asked)[0] == 201
    assert not Package.objects.exists()
    first = caller("POST", "packages/", asked, **{"Idempotency-Key": "a"})
    assert caller("POST", "packages/", asked, **{"Idempotency-Key": "a"}) == first
    assert Package.objects.count() == 1


def test_a_scan_is_kept_whatever_was_read(caller, plant):
    (code,) = assign(plant)
    status, body = caller("POST", "scans/", {"text": f"https://x.cn/q/{code}", "key": "s1", "device": "PDA"})
    assert (status, body["code"], body["is_known"], body["is_new"], body["key"]) == (201, code, True, True, "s1")
    status, body = caller("POST", "scans/", {"text": "???"})
    assert (status, body["is_known"]) == (201, False)
    assert (
        caller("POST", "scans/", {"text": f"https://x.cn/q/{code}", "key": "s1", "device": "PDA"})[1]["is_new"]
        is False
    )
    assert PackageScan.objects.count() == 2
    assert get(code).scans.count() == 1


def test_scans_come_in_lines_and_each_line_is_kept_once(caller, client, plant):
    (code,) = assign(plant)
    raw = "\n".join(json.dumps({"text": text, "key": f"k{i}"}) for i, text in enumerate([code, "???", code.lower()]))
    for new in (True, False):
        answer = client.post("/api/v1/scans/lines/", raw, content_type="application/x-ndjson", headers=caller.headers)
        lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
        assert [(line["status"], line["result"]["is_known"], line["result"]["is_new"]) for line in lines] == [
            (201, True, new), (201, False, new), (201, True, new)
        ]  # fmt: skip
    assert PackageScan.objects.count() == 3
