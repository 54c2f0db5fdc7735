"""Starting the demo: in demo mode alone, never in a database that people work in; a busy port is named."""

import socket

import pytest
from click.testing import CliRunner
from tests.apps.cockpit.conftest import county

from wufei.apps.ledger.checkpoints import trusted_key
from wufei.apps.ledger.models import MovementRecord
from wufei.apps.ledger.verification import verify
from wufei.apps.registry.models import User
from wufei.apps.registry.reference import load_reference
from wufei.config import serve
from wufei.core.simulation import load_scenario, thinned

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(monkeypatch):
    """Where the pages would have been served, in place of serving them."""
    calls = []
    monkeypatch.setenv("WUFEI_DEMO", "1")
    monkeypatch.setattr(serve, "run_server", lambda host, port, workers: calls.append((host, port)))
    return calls


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_demo_prints_every_account_with_its_password_and_the_address(served, settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(serve, "_simulate", lambda: None)
    port = free_port()
    with county():
        said = CliRunner().invoke(serve.demo, ["--port", str(port)])
        accounts = list(User.objects.filter(is_demo=True).values_list("username", flat=True))
    assert said.exit_code == 0, said.output
    assert served == [("127.0.0.1", port)]
    assert all(name in said.output for name in accounts)
    assert "wufei-anji-demo" in said.output
    assert f"http://127.0.0.1:{port}/" in said.output


def test_the_demo_seals_its_simulated_year_once(monkeypatch, settings):
    settings.DEMO = True
    thin = thinned(load_scenario("330523", 2022), 60)
    monkeypatch.setattr("wufei.core.simulation.load_scenario", lambda *_: thin)
    load_reference()
    serve._simulate()
    found = verify(public_key=trusted_key())
    assert (found.problems, found.checkpoints) == ([], 1)
    serve._simulate()
    assert verify(public_key=trusted_key()).checkpoints == 1


def test_a_busy_port_is_named_before_anything_is_done(served):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        said = CliRunner().invoke(serve.demo, ["--port", str(port)])
    assert said.exit_code == serve.EXIT_PORT_BUSY
    assert f"端口 {port} 已被别的程序占用" in said.output
    assert served == []
    assert User.objects.count() == 0


def test_a_database_with_real_accounts_is_refused_and_left_as_it_is(served):
    User.objects.create_user("real-person")
    said = CliRunner().invoke(serve.demo, ["--port", str(free_port())])
    assert said.exit_code == 2
    assert "有正式账号，不能用于演示" in said.output
    assert served == []
    assert list(User.objects.values_list("username", flat=True)) == ["real-person"]
    assert not MovementRecord.objects.exists()


def test_the_demo_does_not_start_where_the_environment_says_no(served, monkeypatch):
    monkeypatch.setenv("WUFEI_DEMO", "0")
    said = CliRunner().invoke(serve.demo, ["--port", str(free_port())])
    assert said.exit_code == 2
    assert "WUFEI_DEMO 不是 1" in said.output
    assert served == []
