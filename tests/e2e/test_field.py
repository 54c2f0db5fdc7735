"""The field page in a real browser with the network cut: nothing that was entered is lost, nothing happens twice."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import segno
from playwright.sync_api import BrowserContext, Page, sync_playwright

pytestmark = [pytest.mark.e2e, pytest.mark.long]
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "CC330523000123"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}
SHOTS = os.environ.get("WUFEI_SHOTS")  # a folder: pictures of the pages, to be looked at

# Runs in a process of its own, against the database of the server under test.
WORLD = """
from datetime import datetime
import django; django.setup()
from django.utils.timezone import localdate
from wufei.apps.manifests.models import Trip, TripStop
from wufei.apps.registry.models import Organisation, Site, User, Vehicle
from wufei.core.credit_code import make_credit_code
firms = {}
KINDS = {"竹乡食堂": "generator", "灵峰学校": "generator", "绿运公司": "carrier", "餐厨处理厂": "facility"}
for n, (name, kind) in enumerate(KINDS.items(), 700001):
    firms[name] = Organisation.objects.create(credit_code=make_credit_code("330523", n), name=name,
                                              division_id="330523001", kind=kind)
sites = {name: Site.objects.create(code=f"S-{n}", name=name, organisation=firms[name], division_id="330523001",
                                   category="canteen", domain="household")
         for n, name in enumerate(["竹乡食堂", "灵峰学校", "餐厨处理厂"])}
Vehicle.objects.create(plate="浙E00001", organisation=firms["绿运公司"])
for username, role, firm in [("driver", "carrier", "绿运公司"), ("plant", "facility", "餐厨处理厂")]:
    User.objects.create_user(username, password="langes-kennwort-1", role=role, organisation=firms[firm],
                             division_id="330523", display_name={"driver": "李四", "plant": "赵六"}[username])
trip = Trip.objects.create(number="T1", profile="kitchen", carrier=firms["绿运公司"], vehicle="浙E00001",
                           driver="李四", driver_user=User.objects.get(username="driver"), on=localdate(),
                           receiver=sites["餐厨处理厂"])
for position in range(1, 7):
    TripStop.objects.create(trip=trip, position=position, site=sites[["竹乡食堂", "灵峰学校"][position % 2]])
"""
STATE = """
import json
import django; django.setup()
from wufei.apps.field.models import FieldEvent, FieldOutcome, FieldPhoto
from wufei.apps.amendments.models import AmendmentRecord
from wufei.apps.ledger.models import MovementRecord
from wufei.apps.manifests.models import Manifest
print(json.dumps({
    "events": list(FieldEvent.objects.order_by("device_id", "seq", "id").values_list("seq", "type", "is_fork")),
    "states": list(FieldOutcome.objects.order_by("event_id").values_list("state", flat=True)),
    "manifests": list(Manifest.objects.order_by("id").values_list("number", "status", "mass_g")),
    "findings": [[f["code"] for f in o.findings] for o in FieldOutcome.objects.order_by("event_id")],
    "photos": [FieldPhoto.objects.count(), FieldPhoto.objects.filter(completed_at=None).count()],
    "lines": [m.document.get("receipt", {}).get("lines") for m in Manifest.objects.order_by("id")],
    "asked": [[a.status, a.changes, len(a.evidence.content) > 100] for a in AmendmentRecord.objects.order_by("id")],
    "moved_g": sum(MovementRecord.objects.values_list("mass_g", flat=True)),
}))
"""


class Server:
    """The server on a fresh database; can be stopped and started again, as the signal comes and goes."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("WUFEI_", "DATABASE_")) or k == "WUFEI_VENDOR"
        }
        self.environment = kept | {"WUFEI_HOME": str(home), "DJANGO_SETTINGS_MODULE": "wufei.config.settings"}
        self.address = f"http://127.0.0.1:{self.port}"
        self.said = (home / "said.txt").open("w")
        self.run("-m", "wufei.config.cli", "setup")
        self.run("-c", WORLD)
        self.process = self.start()

    def run(self, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, *args], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def state(self) -> dict:
        import json

        return json.loads(self.run("-c", STATE))

    def start(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "wufei.config.cli", "serve", "--port", str(self.port)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=self.said, stderr=subprocess.STDOUT
        )
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.address}/field/", timeout=5):  # noqa: S310 - our own address
                    return process
            except OSError:
                time.sleep(0.3)
        raise AssertionError("The server does not answer.")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.said.close()


@pytest.fixture
def server(tmp_path):
    home = tmp_path / "server"
    home.mkdir()
    found = Server(home)
    yield found
    found.stop()


def film(folder: Path) -> Path:
    """A film of a label with a QR code for the camera (YUV 4:2:0, plain bytes): the code in the middle of white."""
    width, height, scale = 640, 480, 10
    rows = [list(row) for row in segno.make(f"https://wufei.example/q/{PACKAGE}", error="m").matrix]
    left, top = (width - scale * len(rows)) // 2, (height - scale * len(rows)) // 2
    bright = [bytearray([235]) * width for _ in range(height)]
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                for line in range(top + y * scale, top + (y + 1) * scale):
                    bright[line][left + x * scale : left + (x + 1) * scale] = bytes([16]) * scale
    frame = b"FRAME\n" + b"".join(bright) + bytes([128]) * (width * height // 2)
    path = folder / "label.y4m"
    path.write_bytes(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 2)
    return path


@pytest.fixture
def browser():
    with sync_playwright() as playwright:
        yield playwright.chromium


def open_phone(chromium, folder: Path, *, camera: Path | None = None) -> BrowserContext:
    """A phone's browser, with everything that it keeps in ``folder``: closing it is closing the phone."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-ui-for-media-stream"]
    flags += ["--use-fake-device-for-media-stream"]
    if camera:
        flags.append(f"--use-file-for-fake-video-capture={camera}")
    context = chromium.launch_persistent_context(
        str(folder), executable_path=shutil.which("chromium"), args=flags, permissions=["camera"], **PHONE
    )
    context.set_default_timeout(60_000)
    return context


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def make_known(page: Page, server: Server, username: str = "driver") -> None:
    """Log in once and make the phone known."""
    page.goto(f"{server.address}/field/")
    page.get_by_role("button", name="登录").click()
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill("langes-kennwort-1")
    page.get_by_role("button", name="登录").click()
    page.locator("#register").wait_for()
    shot(page, "register")
    page.locator("#register").click()
    page.get_by_role("button", name="这部手机上的记录").wait_for()
    for _ in range(150):  # not wait_for_function: the page's policy lets no text be run
        if page.evaluate("navigator.serviceWorker.controller !== null"):
            break
        page.wait_for_timeout(200)
    page.locator("#signal", has_text="都已送到").wait_for()


class Finger:
    """Taps, and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, target) -> None:
        self.taps += 1
        target.tap()

    def draw(self) -> None:
        self.taps += 1
        box = self.page.locator("#sign").bounding_box()
        mouse = self.page.mouse
        mouse.move(box["x"] + 40, box["y"] + 40)
        mouse.down()
        for step in range(8):
            mouse.move(box["x"] + 40 + 25 * step, box["y"] + 40 + (20 if step % 2 else 60))
        mouse.up()


def collect(page: Page, stop: int, mass: str, *, scan: bool = False, onward: bool = False) -> int:
    """A pick-up at a stop, found in the list or led on to; returns how many taps it took."""
    finger = Finger(page)
    way = page.locator("#next-stop") if onward else page.locator("button.row")
    finger.tap(way.filter(has_text=f"{stop}. "))
    known = page.locator("#mass").or_(page.locator("#waste")).first
    known.wait_for()
    if page.locator("#mass").count() == 0:  # the first time at this sender: which waste
        page.locator("#waste").select_option("900-002-S61")
    if scan:
        page.locator("#codes button", has_text=PACKAGE).wait_for()
        page.locator(".thumbs img").first.wait_for()
    shot(page, f"pickup-{stop}")
    for digit in mass:
        finger.tap(page.locator(".pad").get_by_role("button", name=digit, exact=True))
    finger.tap(page.locator("#next"))
    page.locator("#sign").wait_for()
    if not page.locator("#name").input_value():
        page.locator("#name").fill("张三")
    finger.draw()
    shot(page, f"sign-{stop}")
    finger.tap(page.locator("#finish"))
    page.locator("#said", has_text="已保存在这部手机上").wait_for()
    page.locator("button.row.done", has_text=f"{stop}. ").wait_for()
    return finger.taps


def at_the_plant(server, browser, tmp_path):
    """A driver has brought 50 kg; the phone of the plant that is to receive it."""
    driver = open_phone(browser, tmp_path / "driver")
    page = driver.pages[0]
    make_known(page, server)
    collect(page, 1, "50")
    synced(page)
    page.locator("button.row", has_text="→ 餐厨处理厂").tap()
    page.locator("#arrived").tap()
    synced(page)
    driver.close()
    plant = open_phone(browser, tmp_path / "plant")
    make_known(plant.pages[0], server, "plant")
    return plant


def synced(page: Page) -> None:
    page.locator("#signal").click()
    page.locator("#signal", has_text="有信号 · 都已送到").wait_for()


def test_a_day_with_the_signal_lost_the_phone_closed_and_an_answer_that_never_came(server, browser, tmp_path):
    folder, camera = tmp_path / "phone", film(tmp_path)
    context = open_phone(browser, folder, camera=camera)
    page = context.pages[0]
    make_known(page, server)
    shot(page, "day")

    # Signal lost before: the code is scanned, weighed, photographed and signed without it.
    context.set_offline(True)
    collect(page, 1, "86", scan=True)
    page.locator("#signal", has_text="无信号 · 本机存 1 条待传").wait_for()
    shot(page, "offline")
    assert server.state()["events"] == []

    # The phone closed, opened again without signal: page and record are there.
    context.close()
    context = open_phone(browser, folder, camera=camera)
    context.set_offline(True)
    page = context.pages[0]
    page.goto(f"{server.address}/field/")
    page.locator("button.row.done", has_text="1. ").wait_for()
    page.locator("#signal", has_text="本机存 1 条待传").wait_for()

    # The signal is back, but the answer to what was sent is lost: the server has it, the phone does not know.
    lost = []

    def lose_answer(route):
        route.fetch()
        lost.append(route.request.url)
        route.abort()

    page.route("**/field/api/sync/", lose_answer)
    context.set_offline(False)
    page.locator("#signal").click()
    for _ in range(100):
        if lost and server.state()["events"]:
            break
        page.wait_for_timeout(200)
    assert server.state()["events"] == [[1, "pickup", False]]
    page.locator("#signal", has_text="本机存 1 条待传").wait_for()
    page.unroute("**/field/api/sync/")
    synced(page)
    state = server.state()
    assert (state["events"], state["states"]) == ([[1, "pickup", False]], ["applied"])
    assert state["manifests"] == [["CC" + state["manifests"][0][0][2:], "in_transit", 86_000]]
    assert state["findings"] == [["drawn_signature", "unknown_package"]]  # the label's code is of another system
    assert state["photos"] == [2, 0]  # the label and the signature
    assert state["moved_g"] == 86_000

    # With signal, at a sender that is known: the taps of a pick-up.
    assert collect(page, 3, "42", scan=True) <= 6
    synced(page)

    # Sent again from the start: nothing happens twice.
    before = server.state()
    page.evaluate(
        """async () => {
          const db = await import("/static/js/field/db.js");
          for (const event of await db.all("events")) await db.put("events", {...event, received: false});
        }"""
    )
    synced(page)
    assert server.state() == before
    page.get_by_role("button", name="这部手机上的记录").click()
    page.locator(".row", has_text="已入账").first.wait_for()
    shot(page, "records")
    context.close()


def test_a_copied_phone_uses_the_same_numbers_and_nothing_is_lost(server, browser, tmp_path):
    context = open_phone(browser, tmp_path / "phone")
    page = context.pages[0]
    make_known(page, server)
    context.close()
    shutil.copytree(tmp_path / "phone", tmp_path / "twin")
    for folder, stop, mass in (("phone", 1, "10"), ("twin", 2, "20")):
        context = open_phone(browser, tmp_path / folder)
        context.set_offline(True)
        page = context.pages[0]
        page.goto(f"{server.address}/field/")
        collect(page, stop, mass)
        context.set_offline(False)
        synced(page)
        if folder == "twin":
            page.goto(f"{server.address}/field/#/records")
            page.locator(".row.bad", has_text="号码冲突").wait_for()
            shot(page, "conflict")
        context.close()
    state = server.state()
    assert state["events"] == [[1, "pickup", False], [1, "pickup", True]]
    assert state["states"] == ["applied", "conflict"]
    assert [m[2] for m in state["manifests"]] == [10_000]


def test_a_draft_survives_the_phone_being_closed_while_signing(server, browser, tmp_path):
    context = open_phone(browser, tmp_path / "phone", camera=film(tmp_path))
    page = context.pages[0]
    make_known(page, server)
    context.set_offline(True)
    page.locator("button.row", has_text="1. ").tap()
    page.locator("#waste").select_option("900-002-S61")
    page.locator("#codes button", has_text=PACKAGE).wait_for()
    for digit in "75":
        page.locator(".pad").get_by_role("button", name=digit, exact=True).tap()
    page.locator("#next").tap()
    page.locator("#name").fill("张三")
    page.wait_for_timeout(500)
    context.close()
    context = open_phone(browser, tmp_path / "phone")
    page = context.pages[0]
    page.goto(f"{server.address}/field/")
    page.locator("button.row", has_text="录了一半").tap()
    page.locator("#mass", has_text="75").wait_for()
    page.locator("#codes button", has_text=PACKAGE).wait_for()
    page.locator("#next").tap()
    assert page.locator("#name").input_value() == "张三"
    Finger(page).draw()
    page.locator("#finish").tap()
    synced(page)
    assert [m[2] for m in server.state()["manifests"]] == [75_000]
    context.close()


def test_a_page_that_was_begun_before_never_comes_to_stand_over_a_later_one(server, browser, tmp_path):
    context = open_phone(browser, tmp_path / "phone")
    page = context.pages[0]
    make_known(page, server)
    page.locator("button.row", has_text="1. ").tap()
    page.locator("#mass").or_(page.locator("#waste")).first.wait_for()
    covered = page.evaluate(
        """async () => {
          const { draw } = await import("/static/js/field/app.js");
          const after = (ms) => new Promise((done) => setTimeout(done, ms));
          const stop = location.hash;
          let covered = 0;
          for (let turn = 0; turn < 40; turn += 1) {
            location.hash = "#/";
            await after(60);
            draw();  // as after a synchronisation, while a finger comes down
            await after(turn % 8);
            location.hash = stop;
            await after(120);
            covered += document.querySelector("button.row") ? 1 : 0;
          }
          return covered;
        }"""
    )
    assert covered == 0
    context.close()


def test_the_plant_receives_what_is_on_the_way(server, browser, tmp_path):
    plant = at_the_plant(server, browser, tmp_path)
    page = plant.pages[0]
    page.locator("button.row", has_text="竹乡食堂").or_(page.locator("button.row", has_text="灵峰学校")).first.tap()
    page.locator("#mass", has_text="50").wait_for()
    shot(page, "receive")
    for key in ("⌫", "⌫", "4", "8"):
        page.locator(".pad").get_by_role("button", name=key, exact=True).tap()
    page.locator("#partly").tap()
    page.locator("#said", has_text="要写理由").wait_for()
    page.locator("#reason").fill("含水")
    page.locator("#partly").tap()
    synced(page)
    state = server.state()
    assert state["manifests"][0][1:] == ["partly_accepted", 50_000]
    assert state["manifests"][1][2] == 2_000  # what was refused goes back
    plant.close()


def keys(page: Page, *names: str) -> None:
    for name in names:
        page.locator(".pad").get_by_role("button", name=name, exact=True).tap()


def correct(page: Page, mass: str, *, wrong: str) -> None:
    """Correct the newest pick-up on this phone, with a picture of the scale."""
    page.get_by_role("button", name="这部手机上的记录").tap()
    page.get_by_role("button", name="更正重量").first.tap()
    page.locator("#mass", has_text=wrong).wait_for()
    keys(page, *["⌫"] * len(wrong), *mass)
    page.locator("#correct").tap()
    page.locator("#said", has_text="要有凭证").wait_for()
    page.locator(".note", has_text="拍过磅单或秤的读数").wait_for()
    page.locator("#shoot").tap()
    page.locator(".thumbs img").wait_for()
    page.locator("#reason").fill("看错一位")
    shot(page, f"correct-{mass}")
    page.locator("#correct").tap()
    page.locator("#said", has_text="更正已保存在这部手机上").wait_for()


def test_after_a_stop_one_tap_leads_on_to_the_next(server, browser, tmp_path):
    context = open_phone(browser, tmp_path / "phone")
    page = context.pages[0]
    make_known(page, server)
    assert page.locator("#next-stop").count() == 0  # before the first stop the driver chooses
    context.set_offline(True)
    collect(page, 4, "10")
    assert page.locator("#next-stop").bounding_box()["y"] < 200  # at the top: nothing to scroll
    shot(page, "next-stop")
    assert collect(page, 5, "20", onward=True) <= 6
    collect(page, 6, "30", onward=True)
    page.locator("#next-stop", has_text="下一站：1. ").tap()  # none follows: the first that is open
    page.get_by_role("button", name="到了但没有收到废物").tap()
    page.locator("button.row", has_text="门锁着").tap()
    page.locator("#next-stop", has_text="下一站：2. ").wait_for()
    context.set_offline(False)
    synced(page)
    assert [m[2] for m in server.state()["manifests"]] == [10_000, 20_000, 30_000]
    context.close()


def test_a_wrong_weight_is_corrected_without_signal(server, browser, tmp_path):
    context = open_phone(browser, tmp_path / "phone", camera=film(tmp_path))
    page = context.pages[0]
    make_known(page, server)
    context.set_offline(True)
    collect(page, 1, "860")
    correct(page, "86", wrong="860")
    page.locator(".row", has_text="更正还没有送到").wait_for()
    page.goto(f"{server.address}/field/")
    collect(page, 2, "300000")  # more than any vehicle carries: the server refuses it
    context.set_offline(False)
    synced(page)
    state = server.state()
    assert state["states"] == ["applied", "applied", "refused"]
    assert [m[2] for m in state["manifests"]] == [860_000]
    changes = [{"pointer": "/wastes/0/mass_g", "before": 860_000, "after": 86_000}]
    assert state["asked"] == [["open", changes, True]]
    context.set_offline(True)
    page.goto(f"{server.address}/field/")
    page.locator("button.row.bad", has_text="1 条记录要处理").wait_for()
    correct(page, "30", wrong="300000")
    context.set_offline(False)
    synced(page)
    page.locator(".row.done", has_text="更正重量").first.wait_for()
    shot(page, "corrected")
    state = server.state()
    assert state["states"] == ["applied"] * 4
    assert [m[1:] for m in state["manifests"]] == [["in_transit", 860_000], ["in_transit", 30_000]]
    assert len(state["asked"]) == 1
    context.close()


def test_the_plant_tells_without_signal_what_was_lost_on_the_way(server, browser, tmp_path):
    plant = at_the_plant(server, browser, tmp_path)
    page = plant.pages[0]
    plant.set_offline(True)
    page.locator("button.row", has_text="灵峰学校").tap()
    page.locator("#part-lost").tap()
    page.locator("#mass", has_text="0").wait_for()
    keys(page, "5")
    page.locator("#sum", has_text="实收 45 + 途中损失 5 = 联单 50 千克").wait_for()
    page.locator("#part-accepted").tap()
    keys(page, "⌫", "⌫", "4", "8")
    page.locator("#sum", has_text="比联单 50 多 3 千克").wait_for()
    page.locator("#reason").fill("桶漏")
    page.locator("#partly").tap()
    page.locator("#said", has_text="没有可拒收的").wait_for()
    keys(page, "⌫", "⌫", "4", "2")
    page.locator("#sum", has_text="还差 3 千克").wait_for()
    shot(page, "receive-lost")
    page.locator("#partly").tap()
    page.locator("#signal", has_text="无信号 · 本机存 1 条待传").wait_for()
    plant.set_offline(False)
    synced(page)
    state = server.state()
    assert state["lines"][0] == [{"accepted_g": 42_000, "refused_g": 3_000, "lost_g": 5_000}]
    assert [m[1:] for m in state["manifests"]] == [["partly_accepted", 50_000], ["in_transit", 3_000]]
    plant.close()
