"""What lies outside the program ends with one Chinese sentence and exit code 2; our own mistakes keep a traceback."""

import errno
import sqlite3

import click
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.test import Client

from wufei.apps.cockpit import views
from wufei.config import cli, faults
from wufei.config.settings import _database


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://x", "“mysql”不认识"),
        ("garbage", "“garbage”不认识"),
        ("postgresql://h:abc/x", "端口应是数字"),
        ("postgresql://h/", "没有写库名"),
        ("postgresql://[::1/x", "读不懂"),
    ],
)
def test_an_address_of_a_database_that_cannot_be_read_says_how_to_write_it(url, says):
    with pytest.raises(ImproperlyConfigured, match="postgresql://用户") as caught:
        _database(url)
    assert says in str(caught.value)


def from_sqlite(act):
    with pytest.raises(sqlite3.Error) as caught:
        act()
    return OperationalError(*caught.value.args)


def test_what_sqlite_says_is_understood(tmp_path):
    held = sqlite3.connect(tmp_path / "a", isolation_level=None)
    held.execute("CREATE TABLE t (x)")
    held.execute("BEGIN IMMEDIATE")
    other = sqlite3.connect(tmp_path / "a", timeout=0)
    assert "占用" in faults.explain(from_sqlite(lambda: other.execute("INSERT INTO t VALUES (1)")))
    (tmp_path / "junk").write_bytes(b"junk" * 100)
    junk = sqlite3.connect(tmp_path / "junk")
    assert "不是数据库" in faults.explain(from_sqlite(lambda: junk.execute("SELECT * FROM t")))
    assert "打不开" in faults.explain(from_sqlite(lambda: sqlite3.connect(tmp_path / "no" / "a").execute("SELECT 1")))
    small = sqlite3.connect(tmp_path / "b", isolation_level=None)
    small.execute("CREATE TABLE t (x)")
    small.execute("PRAGMA max_page_count = 3")
    assert "磁盘已满" in faults.explain(from_sqlite(lambda: small.execute("INSERT INTO t VALUES (zeroblob(100000))")))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OperationalError('connection failed: FATAL:  database "x" does not exist'), "没有这个库"),
        (OperationalError('connection failed: FATAL:  role "x" does not exist'), "没有这个用户"),
        (OperationalError('connection failed: FATAL:  password authentication failed for user "x"'), "密码不对"),
        (OperationalError("connection failed: Connection refused"), "连不上数据库"),
        (InterfaceError("connection already closed, the connection is closed"), "连不上数据库"),
        (OperationalError("deadlock detected"), "请再试一次"),
        (OperationalError("something new"), "数据库出错：something new"),
        (OSError(errno.ENOSPC, "x"), "磁盘已满"),
        (PermissionError(errno.EACCES, "x", "/a/b"), "没有读写 /a/b 的权限"),
    ],
)
def test_what_the_database_and_the_disk_say_is_told_in_chinese(error, says):
    assert says in faults.explain(error)


@pytest.mark.parametrize("error", [KeyError("x"), AssertionError(), ProgrammingError('relation "x" does not exist')])
def test_our_own_mistakes_are_not_explained_away(error):
    assert faults.explain(error) is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nix"], "没有命令“nix”。"),
        (["ledger", "nix"], "没有命令“nix”。"),
        (["serve", "--nix"], "没有选项 --nix。"),
        (["serve", "--port", "99999"], "--port：“99999”不在 1<=x<=65535 之间。"),
        (["serve", "--port", "abc"], "--port：“abc”不是整数。"),
        (["serve", "--port"], "选项 --port 后面要写值。"),
        (["setup", "more"], "多出了：more。"),
        (["ledger", "post"], "没有写 FILE。"),
        (["ledger", "post", "/no/such.csv"], "FILE：“/no/such.csv”不存在，请核对路径。"),
        (["ledger", "post", "/"], "FILE：“/”是文件夹，请写到文件名。"),
        (["ledger", "close", "x", "--through", "2022-13-01"], "“2022-13-01”不是日期"),
        (["assess", "330523", "--year", "2022", "--values", "x"], "--values：“x”不在可选项中"),
    ],
)
def test_a_wrong_command_line_is_told_in_chinese(words, says, monkeypatch, capsys, db):
    monkeypatch.setattr("sys.argv", ["wufei", *words])
    monkeypatch.setattr("wufei.config.ready.ensure_ready", lambda: None)
    with pytest.raises(SystemExit) as left:
        cli.main()
    told = capsys.readouterr().err
    assert left.value.code == 2
    assert says in told
    assert "Traceback" not in told


def failing(error):
    @click.command("setup")
    def command():
        raise error

    return command


def test_a_locked_database_ends_a_command_with_a_sentence_and_2(monkeypatch, capsys):
    monkeypatch.setattr("wufei.config.serve.setup", failing(OperationalError("database is locked")))
    monkeypatch.setattr("wufei.config.ready.ensure_ready", lambda: None)
    monkeypatch.setattr("sys.argv", ["wufei", "setup"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("数据库正被另一个程序占用")


def test_our_own_mistake_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr("wufei.config.serve.setup", failing(KeyError("ours")))
    monkeypatch.setattr("wufei.config.ready.ensure_ready", lambda: None)
    monkeypatch.setattr("sys.argv", ["wufei", "setup"])
    with pytest.raises(KeyError, match="ours"):
        cli.main()


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [(OperationalError("database is locked"), 503, "占用"), (KeyError("ours"), 500, "系统出错了")],
)
def test_a_page_says_what_is_wrong_and_nothing_of_the_inside(admin_client, monkeypatch, error, status, says):
    def fail(user):
        raise error

    monkeypatch.setattr(views, "is_firm", fail)
    client: Client = admin_client
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == status
    assert says in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
    assert "locked" not in answer.content.decode()
