"""The demo itself, started as a newcomer starts it, and a real browser to look at it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN = 300  # seconds; a fresh database is filled first


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory):
    """The directory in which the demo keeps its database."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def site(demo_home):
    """The address of a demo that runs on a fresh database."""
    home = demo_home
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WUFEI_", "DATABASE_"))}
    environment |= {"WUFEI_HOME": str(home), "WUFEI_DEBUG": "0"}
    said = (home / "said.txt").open("w+")
    command = [sys.executable, "-m", "wufei.config.cli", "demo", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, home / "said.txt")
        yield address
    finally:
        process.terminate()
        process.wait(20)
        said.close()


def _wait(address: str, process: subprocess.Popen, said: Path) -> None:
    end = time.monotonic() + START_WITHIN
    while time.monotonic() < end:
        assert process.poll() is None, said.read_text()
        try:
            with urllib.request.urlopen(f"{address}/accounts/login/", timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"No page within {START_WITHIN} s. {said.read_text()}")


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium."""
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield browser
        browser.close()


def new_page(browser: Browser, **options) -> Page:
    """A page of a fresh browser that keeps every complaint."""
    context = browser.new_context(locale="zh-CN", **{"viewport": {"width": 1440, "height": 900}, **options})
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


def log_in(browser: Browser, site: str, username: str, **options) -> Page:
    """A page in which ``username`` has logged in by the form."""
    page = new_page(browser, **options)
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill("wufei-anji-demo")
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile(r"/(places|own)/|/$"))
    return page


@pytest.fixture(scope="session")
def office_session(browser, site):
    """The cookies of the programme office after its login."""
    page = log_in(browser, site, "office")
    state = page.context.storage_state()
    page.context.close()
    return state
