"""Days of the closed loop through the pages, by clicking and typing, as firms, carrier and plant of the demo do them.

After all of them the command line on the same database finds no gram missing and the books in order.
"""

import json
import os
import re
import subprocess
import sys
from datetime import date

import pytest
from tests.e2e.conftest import ROOT, log_in

FIRM, FIRM2, PLANT = "SIM-330523-FUR001", "SIM-330523-FUR002", "SIM-330523-PWD001"
LORRY, TANKER = "浙EMN001", "浙EMN002"
SAND, OIL, PAINT, CONCRETE = "900-001-S59", "900-214-08", "900-252-12", "900-001-S73"
INFECTIOUS, SLUDGE, FOOD = "841-001-01", "462-001-S90", "900-002-S61"
SECOND_CARRIER = "模拟·危险货物运输公司01"


class Person:
    """Somebody of the demo before a screen."""

    def __init__(self, browser, site, username):
        self.page = log_in(browser, site, username)
        self.site = site
        self.page.set_default_timeout(8000)

    def open(self, path):
        """Go to an address that a link or bookmark would lead to."""
        answer = self.page.goto(f"{self.site}{path}")
        assert answer.status == 200, (path, answer.status)

    def click(self, role, name, exact=True):
        """Click a link or a button by what it says."""
        self.page.get_by_role(role, name=name, exact=exact).first.click()
        self.page.wait_for_load_state()

    def fill(self, fields):
        """Type into inputs and choose in lists, opening what is folded."""
        for name, text in fields.items():
            inputs = self.page.locator(f'form [name="{name}"]')
            if not inputs.locator("visible=true").count():
                within = self.page.locator(f'[name="{name}"]')
                self.page.locator("details:not([open])", has=within).locator("> summary").first.click()
            box = inputs.locator("visible=true").first
            if box.evaluate("box => box.tagName") == "SELECT":
                box.select_option(text)
            else:
                box.fill(text)

    def told(self):
        """What the page says, in one text."""
        return self.page.locator("main, body").first.inner_text()

    def status(self):
        """The badge beside the number."""
        return self.page.locator("h1 + .badge").first.inner_text()

    def draw_up(self, kind, fields, *, more=()):
        """A new manifest from the list on; its number."""
        self.open("/manifests/")
        self.click("link", "开具联单")
        self.page.get_by_role("link").filter(has=self.page.get_by_role("heading", name=kind, exact=True)).click()
        for button in more:
            self.click("button", button)
        self.fill(fields)
        self.click("button", "保存并提交（签字）")
        assert self.page.url.rstrip("/").rsplit("/", 1)[-1] != "new", self.told()
        assert self.status() == "已提交", self.told()[:900]
        return self.page.url.rstrip("/").rsplit("/", 1)[-1]

    def step(self, number, name, status, fields=None):
        """One step of a manifest: found in the list, done, signed."""
        self.open("/manifests/")
        self.click("link", number)
        self.click("link", name)
        self.fill(fields or {})
        self.click("button", f"签字：{name}")
        assert self.status() == status, self.told()[:900]

    def sign_on_this_screen(self, number, words, name):
        """A party without account signs by a one-time code on this screen."""
        self.open(f"/manifests/{number}/")
        self.page.locator("summary", has_text="没有账号").click()
        self.click("link", words)
        self.click("button", "出示签名码")
        code = self.page.locator("[data-code]").inner_text().strip()
        self.click("link", "对方没有手机：在本机签")
        self.fill({"code": code, "name": name})
        self.page.locator('[name="agreed"]').check()
        self.click("button", "签名")
        self.open(f"/manifests/{number}/")

    def treat(self, table, fields):
        """An entry of the plant's record book."""
        self.open(f"/declarations/book/of/{PLANT}/{table}/")
        self.fill(fields)
        self.click("button", "登记")
        assert re.search(r"/book/\d+/$", self.page.url), self.told()[:900]

    def assign(self, fields):
        """New packages; their codes."""
        self.open("/packages/assign/")
        self.fill(fields)
        self.click("button", "赋码")
        assert "action=" in self.page.url, self.told()[:900]
        hrefs = self.page.locator("a.package-code, td a").evaluate_all(
            "links => links.map(a => a.getAttribute('href'))"
        )
        return sorted({h.split("/")[2] for h in hrefs if re.fullmatch(r"/packages/[^/]{10,}/", h)})


@pytest.fixture(scope="module")
def people(browser, site):
    who = {name: Person(browser, site, name) for name in ("firm", "firm2", "carrier", "facility")}
    yield who
    complaints = [told for person in who.values() for told in person.page.complaints]
    for person in who.values():
        person.page.context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def carrier_code(people):
    """The credit code of the demo's carrier, as the form proposes it."""
    people["firm"].open("/manifests/new/industrial/")
    options = people["firm"].page.locator("#own-carriers option")
    found = options.evaluate_all("rows => rows.map(row => [row.textContent, row.value])")
    return dict(found)


@pytest.fixture
def usual(carrier_code):
    def fields(code, kilograms, *, sender=FIRM, plate=LORRY, **more):
        return {
            "/generator/site": sender, "/generator/handler": "张三", "/wastes/0/code": code,
            "/wastes/0/mass_g": kilograms, "/carriers/0/organisation": carrier_code["模拟·工业固废运输公司01"],
            "/carriers/0/vehicle": plate, "/carriers/0/driver": "李四", "/receiver/site": PLANT, **more,
        }  # fmt: skip

    return fields


HAZARDOUS = {
    "/generator/emergency_phone": "0572-5000000", "/wastes/0/form": "L", "/wastes/0/packing": "drum",
    "/wastes/0/package_count": "2", "/wastes/0/method": "R9", "/carriers/0/driver_licence": "模拟J-D01",
}  # fmt: skip
TAKEN = {"/receiver/handler": "赵六"}


def usual_way(people, number, kilograms, more=None):
    """Departure, arrival, confirmation."""
    people["carrier"].step(number, "起运", "运输中")
    people["carrier"].step(number, "到达", "已送达")
    people["facility"].step(
        number, "确认接受", "已确认", {"/receipt/lines/0/accepted_g": kilograms, **TAKEN, **(more or {})}
    )


def test_a_day_of_industrial_waste(people, usual):
    number = people["firm"].draw_up("一般工业固体废物", usual(SAND, "10000"))
    usual_way(people, number, "9960")
    assert "差异" not in people["facility"].status()
    people["facility"].treat("giw-use", {"waste_code": SAND, "mass_g": "8", "method": "C2", "handler": "钱七"})


def test_a_day_of_hazardous_waste_with_two_carriers_and_two_wastes(people, usual, carrier_code):
    firm = people["firm"]
    fields = usual(OIL, "600", plate=TANKER) | HAZARDOUS | {
        "/wastes/1/code": PAINT, "/wastes/1/mass_g": "150.5", "/wastes/1/form": "SS", "/wastes/1/packing": "drum",
        "/wastes/1/package_count": "1", "/wastes/1/method": "D10",
        "/carriers/1/organisation": carrier_code[SECOND_CARRIER], "/carriers/1/vehicle": "浙EMN900",
        "/carriers/1/driver": "王五", "/carriers/1/driver_licence": "模拟J-9",
    }  # fmt: skip
    number = firm.draw_up("危险废物", fields, more=["再加一种废物", "再加一家承运单位"])
    people["carrier"].step(number, "起运", "运输中")
    # The second carrier's driver has no account: he signs on the first one's and on the plant's screen.
    people["carrier"].sign_on_this_screen(number, "第 2 承运单位换车交接", "王五")
    people["facility"].sign_on_this_screen(number, "第 2 承运单位到达", "王五")
    assert people["facility"].status() == "已送达"
    people["facility"].step(
        number, "确认接受", "已确认",
        {"/receipt/lines/0/accepted_g": "600", "/receipt/lines/1/accepted_g": "150.5", **TAKEN},
    )  # fmt: skip
    assert people["facility"].told().count("王五") >= 2


def test_a_day_of_medical_waste_in_nested_boxes(people, usual):
    firm, plant = people["firm"], people["facility"]
    bags = firm.assign({"waste_code": INFECTIOUS, "count": "3", "masses": "3\n4\n5", "form": "S"})
    assert len(bags) == 3
    box = firm.assign({"waste_code": INFECTIOUS, "count": "1", "form": "S"})
    firm.open(f"/packages/{box[0]}/")
    firm.page.locator("summary", has_text="装箱").click()
    firm.fill({"codes": "\n".join(bags)})
    firm.page.locator("details[open] button[type=submit]").click()
    assert "12" in firm.told()
    number = firm.draw_up("医疗废物", usual(INFECTIOUS, "12", plate=TANKER) | HAZARDOUS | {
        "/wastes/0/form": "S", "/wastes/0/packing": "turnover_box", "/wastes/0/package_count": "1",
        "/wastes/0/method": "Y10", "/wastes/0/packages": box[0],
    })  # fmt: skip
    usual_way(people, number, "12")
    plant.open(f"/packages/{box[0]}/")
    plant.page.locator("summary", has_text="销码").click()
    form = plant.page.locator("details[open]")
    form.locator('[name="method"]').select_option("Y10")
    form.locator('[name="outputs"]').fill("772-003-18 1.2")
    form.locator("button[type=submit]").click()
    assert "已销码" in plant.told()


def test_days_of_construction_household_farm_and_recyclables(people, usual):
    for kind, code, sent, came, method in (
        ("建筑垃圾", CONCRETE, "30000", "30200", "O12"), ("生活垃圾", "900-001-S64", "8000", "8000", "D10"),
        ("农业固体废物", "010-003-S80", "20", "20", "D10"), ("再生资源", "R04", "5000", "4900", "O10"),
    ):  # fmt: skip
        number = people["firm2"].draw_up(kind, usual(code, sent, sender=FIRM2))
        lost = {"/receipt/lines/0/lost_g": "100"} if code == "R04" else None
        usual_way(people, number, came, lost)
        tonnes = f"{int(came) / 1000:g}"
        people["facility"].treat(
            "tr-own", {"waste_code": code, "mass_g": tonnes, "method": method, "handler": "钱七"}
        )


def test_a_refusal_goes_back_and_its_sender_confirms(people, usual):
    number = people["firm"].draw_up("一般工业固体废物", usual(SAND, "3000"))
    people["carrier"].step(number, "起运", "运输中")
    people["carrier"].step(number, "到达", "已送达")
    people["facility"].step(number, "拒收", "已拒收", {"/receipt/opinion": "混有其他废物", **TAKEN})
    back = people["facility"].page.locator(".alert-warning a").inner_text()
    people["carrier"].step(back, "到达", "已送达")
    people["firm"].step(back, "确认接受", "已确认", {"/receiver/handler": "张三"})
    assert "退运" in people["firm"].told()


def test_one_party_asks_for_a_correction_and_the_other_agrees(people, usual, tmp_path):
    firm, plant = people["firm"], people["facility"]
    number = firm.draw_up("一般工业固体废物", usual(SAND, "500"))
    usual_way(people, number, "480")
    firm.open(f"/manifests/{number}/")
    firm.click("link", "申请更正")
    firm.fill({"/wastes/0/mass_g": "480"})
    firm.click("button", "下一步：看更正的影响")
    firm.fill({"reason": "笔误，见磅单"})
    (tmp_path / "磅单.pdf").write_bytes(b"%PDF-1.4 a ticket")
    firm.page.locator('[name="evidence"]').set_input_files(tmp_path / "磅单.pdf")
    firm.click("button", "签名并提交申请")
    assert "等待答复" in firm.told()
    plant.open("/amendments/")
    plant.page.get_by_role("link", name=number, exact=False).first.click()
    plant.click("button", "同意更正")
    assert "已同意" in plant.told()
    plant.open(f"/manifests/{number}/")
    assert "480 千克" in plant.told()


def test_waste_leaves_the_region(people, usual):
    fields = usual(SAND, "2000")
    fields.pop("/receiver/site")
    fields |= {"/receiver/outside": "安徽某建材厂", "/region/kind": "out", "/region/division": "安徽省宣城市广德市",
               "/region/approval": "皖固转备〔2026〕12号"}  # fmt: skip
    number = people["firm"].draw_up("一般工业固体废物", fields)
    people["carrier"].step(number, "起运", "运输中")
    people["carrier"].step(number, "到达", "已送达")
    people["firm"].step(number, "确认接受", "已确认", TAKEN)


def test_a_day_of_sludge(people, usual):
    """36 t leave at 80 % water, 20 t of them are burnt in a kiln and 16 t wait."""
    fields = usual(SLUDGE, "36000", sender=FIRM2) | {"/wastes/0/form": "SS"}
    number = people["firm2"].draw_up("污泥", fields)
    usual_way(people, number, "36000")
    people["facility"].treat("tr-own", {"waste_code": SLUDGE, "mass_g": "20", "method": "C1", "handler": "钱七"})


def test_a_round_of_ten_small_generators(people):
    """Ten kitchens give 30, 31 … 39 kg, 345 kg; the weighbridge says 341 kg, which the ten manifests share."""
    carrier, plant = people["carrier"], people["facility"]
    carrier.open("/manifests/trips/")
    carrier.click("link", "排一趟车次")
    carrier.fill({
        "profile": "kitchen", "vehicle": LORRY, "driver": "李四", "receiver": PLANT,
        "stops": "\n".join(f"SIM-330523-FUR{number:03}" for number in range(1, 11)),
    })  # fmt: skip
    carrier.click("button", "排班")
    trip = carrier.page.url.rstrip("/").rsplit("/", 1)[-1]
    assert "已办 0 / 10" in carrier.told(), carrier.told()[:900]
    for place in range(10):
        carrier.click("link", "收运")  # the first that still waits
        told = {"/wastes/0/mass_g": str(30 + place), "/generator/handler": f"经办{place + 1}"}
        # The first stop says what is collected; the page proposes it at the others.
        carrier.fill(told if place else {"/wastes/0/code": FOOD} | told)
        carrier.click("button", "收运（签字）")
        assert f"已办 {place + 1} / 10" in carrier.told(), carrier.told()[:900]
    carrier.click("link", "到达", exact=False)
    carrier.click("button", "到达", exact=False)
    plant.open("/manifests/trips/")
    plant.click("link", trip)
    plant.click("link", "确认接受（10 份联单）")
    plant.fill({"weighed_kg": "341"})
    plant.click("button", "签字：确认接受")
    carrier.open(f"/manifests/trips/{trip}/")
    carrier.click("link", "结束车次")
    carrier.click("button", "结束车次", exact=False)
    told = carrier.told()
    assert "345 千克" in told, told[:900]
    assert "已结束" in told, told[:900]


def test_afterwards_no_gram_is_missing_and_the_books_hold(people, demo_home):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WUFEI_", "DATABASE_"))}
    environment |= {"WUFEI_HOME": str(demo_home), "WUFEI_DEMO": "1"}

    def wufei(*words):
        command = [sys.executable, "-m", "wufei.config.cli", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    balance = wufei("mass-balance", "--place", "330523", "--year", str(date.today().year), "--json")  # noqa: DTZ011
    told = json.loads(balance.stdout)
    assert {row["residual_g"] for row in told["codes"]} == {0}
    assert told["total"]["residual_g"] == 0
    assert wufei("ledger", "verify").returncode == 0
    assert wufei("signatures", "verify").returncode == 0
