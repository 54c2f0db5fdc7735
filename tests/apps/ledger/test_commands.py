"""The command line: files in, findings out, and the exit codes that others rely on."""

import json

import pytest
from click.testing import CliRunner
from django.db import connection
from tests.apps.ledger.conftest import trip

from wufei.apps import append_only
from wufei.apps.ledger.commands import ledger, mass_balance
from wufei.apps.ledger.guards import GUARDS
from wufei.apps.ledger.models import AccountRecord, BatchRecord, HolderRecord, MovementRecord
from wufei.core.chain import public_key_of

HEAD = "编号,发生日期,业务类型,废物代码,重量,单位,转出方,转入方\n"
GOOD = HEAD + (
    "k1,2022-03-01,产生,900-001-S17,1.5,吨,site:A,site:A\n"
    "k2,44621.5,装车转出,900-001-S17,600,公斤,site:A,vehicle:V\n"
    "k3,2022年3月2日,到场卸货,900-001-S17,1200,斤,vehicle:V,site:B\n"
)


@pytest.fixture(autouse=True)
def _home_of_the_test(settings, tmp_path, _own_home):
    settings.HOME = tmp_path


@pytest.fixture
def run(tmp_path, post):
    for guards in append_only.every():
        guards.install(connection)

    def call(*arguments: str, files: dict[str, bytes] | None = None, command=ledger):
        for name, raw in (files or {}).items():
            (tmp_path / name).write_bytes(raw)
        words = [str(tmp_path / word) if (tmp_path / word).exists() else word for word in arguments]
        return CliRunner().invoke(command, words)

    return call


def counts():
    return MovementRecord.objects.count(), BatchRecord.objects.count(), AccountRecord.objects.count()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_is_booked_once_whatever_its_encoding(run, encoding):
    files = {"a.csv": GOOD.encode(encoding)}
    first = run("post", "a.csv", "--json", files=files)
    assert first.exit_code == 0, first.output
    assert json.loads(first.output)["booked"] == 3
    again = json.loads(run("post", "a.csv", "--json", files=files).output)
    assert (again["booked"], again["already"]) == (0, 3)
    assert dict(AccountRecord.objects.values_list("name", "balance_g"))["site:B|900-001-S17|stored|"] == 600_000


BAD = HEAD + (
    "k1,2022-03-01,产生,900-001-S17,1.7,吨,site:A,site:A\n"
    "x2,2022-03-01,产生,900-001-S17,1.5,磅,site:A,site:A\n"
    "x3,2022-03-01,产生,900-001-S17,-1,吨,site:A,site:A\n"
    "x4,2022-03-01,产生,900-001-S17,0,吨,site:A,site:A\n"
    "x5,2022-03-01,产生,900-001-S17,1000001,吨,site:A,site:A\n"
    "x6,2022-03-01,产生,900-999-S99,1,吨,site:A,site:A\n"
    "x7,2022-03-01,产生,900-001-S17,1,吨,site:Z,site:Z\n"
    "x8,2099-03-01,产生,900-001-S17,1,吨,site:A,site:A\n"
    "x8,2022-03-01,产生,900-001-S17,1,吨,site:A,site:A\n"
)


def test_every_kind_of_fault_is_told_at_once_and_nothing_is_booked(run):
    run("post", "a.csv", files={"a.csv": GOOD.encode()})
    before = counts()
    result = run("post", "b.csv", "--json", files={"b.csv": BAD.encode()})
    assert result.exit_code == 1
    found = [(f["line"], f["field"], f["code"]) for f in json.loads(result.output)["findings"]]
    assert found == [
        (2, "key", "key_with_other_content"),
        (3, "unit", "unknown_unit"),
        (4, "mass", "negative_mass"),
        (5, "mass", "mass_not_positive"),
        (6, "mass", "mass_too_large"),
        (7, "waste_code", "unknown_waste_code"),
        (8, "source_holder", "unknown_holder"),
        (8, "target_holder", "unknown_holder"),
        (9, "occurred_at", "time_in_future"),
        (10, "key", "duplicate_key"),
    ]
    assert counts() == before


def test_an_overdrawn_file_is_refused_whole(run):
    text = HEAD + "k9,2022-03-01,装车转出,900-001-S17,1,吨,site:A,vehicle:V\n"
    result = run("post", "b.csv", files={"b.csv": text.encode()})
    assert result.exit_code == 1
    assert "此时只有 0 克" in result.output
    assert counts() == (0, 0, 0)


def test_a_file_that_is_no_table_is_refused_with_one_clear_message(run):
    result = run("post", "b.pdf", files={"b.pdf": b"%PDF"})
    assert result.exit_code == 1
    assert "不支持的文件类型" in result.output


def test_a_file_in_parts_is_still_all_or_nothing(run, monkeypatch):
    monkeypatch.setattr("wufei.apps.ledger.files.PART", 2)
    text = GOOD + "k4,2022-03-03,到场卸货,900-001-S17,1,吨,vehicle:V,site:B\n"
    assert run("post", "b.csv", files={"b.csv": text.encode()}).exit_code == 1
    assert counts() == (0, 0, 0)
    assert run("post", "a.csv", files={"a.csv": GOOD.encode()}).exit_code == 0
    assert counts()[:2] == (3, 2)


def test_verify_exits_0_when_all_holds_and_1_naming_the_first_broken_movement(run, post):
    post(*trip())
    assert run("verify").exit_code == 0
    GUARDS.remove(connection)
    MovementRecord.objects.filter(key="t2").update(mass_g=1001)
    result = run("verify")
    assert result.exit_code == 1
    first = result.output.splitlines()[0]
    assert "编号“t2”" in first
    assert "请停止入账" in first


def test_verify_holds_on_an_empty_ledger_and_tells_of_missing_guards(run):
    assert run("verify").exit_code == 0
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER ledger_link_no_update")
            cursor.execute(
                "CREATE TRIGGER ledger_link_no_update BEFORE UPDATE ON ledger_link WHEN 0 BEGIN SELECT 1; END"
            )
        else:
            cursor.execute("ALTER TABLE ledger_link DISABLE TRIGGER ledger_link_append_only")
    result = run("verify")
    assert result.exit_code == 1
    assert "ledger_link" in result.output
    assert "wufei ledger protect" in result.output
    GUARDS.remove(connection)
    assert run("verify").exit_code == 1
    assert run("protect").exit_code == 0
    assert run("verify").exit_code == 0


def test_checkpoints_of_an_unknown_signer_are_not_taken_for_good(run, post, tmp_path):
    post(*trip())
    run("checkpoint")
    key = public_key_of(bytes.fromhex((tmp_path / "ledger-key").read_text()))
    (tmp_path / "ledger-key").unlink()
    unknown = run("verify")
    assert unknown.exit_code == 1
    assert "--public-key" in unknown.output
    assert run("verify", "--public-key", key.hex()).exit_code == 0
    assert run("verify", "--public-key", "11" * 32).exit_code == 1
    assert run("verify", "--public-key", "xyz").exit_code == 2


def test_a_proof_is_printed_and_checked_from_the_file_alone(run, post, tmp_path):
    post(*trip())
    assert "checkpoint" in run("verify", "--proof", "t3").output
    assert run("checkpoint").exit_code == 0
    (tmp_path / "proof.json").write_text(run("verify", "--proof", "t3").output, encoding="utf-8")
    assert run("check-proof", "proof.json").exit_code == 0
    other = run("check-proof", "proof.json", "--public-key", "11" * 32)
    assert other.exit_code == 1
    for text in ("{}", "[]", "[1]", "no JSON"):
        (tmp_path / "proof.json").write_text(text, encoding="utf-8")
        assert run("check-proof", "proof.json").exit_code == 1


def test_closing_a_period_is_told_and_a_second_time_refused(run, post):
    assert run("close", "site:A", "--through", "2022-03-31").exit_code == 0
    assert HolderRecord.objects.get(key="site:A").closed_through == 20220331
    assert run("close", "site:A", "--through", "2022-03-31").exit_code == 1


def test_balances_of_a_holder_as_json(run, post):
    post(*trip(mass_g=7))
    rows = json.loads(run("balance", "site:B", "--json").output)
    assert [(row["bucket"], row["balance_g"]) for row in rows] == [("utilised", 7)]


def test_the_mass_balance_as_a_table_is_in_tonnes_with_its_total(run, post):
    post(*trip(mass_g=1_234_500_000))
    text = run("--place", "330523", "--year", "2022", command=mass_balance).output
    assert "330523 2022 年物质平衡（吨）" in text
    row = next(line for line in text.splitlines() if "900-001-S17" in line)
    assert row.count("1,234.5") == 2  # generated and utilised
    assert "含模拟数据" not in text


def test_the_mass_balance_has_the_agreed_shape(run, post):
    post(*trip(mass_g=7))
    result = run("--place", "330523", "--year", "2022", "--json", command=mass_balance)
    assert json.loads(result.output) == {
        "place": "330523",
        "year": 2022,
        "domain": None,
        "is_simulated": False,
        "codes": [
            {
                "waste_code": "900-001-S17",
                "name": "废钢铁",
                "domain": "industrial",
                "opening_g": 0,
                "generated_g": 7,
                "received_g": 0,
                "utilised_g": 7,
                "disposed_g": 0,
                "dumped_g": 0,
                "sent_g": 0,
                "closing_g": 0,
                "unexplained_g": 0,
                "residual_g": 0,
            }
        ],
        "total": {
            "opening_g": 0,
            "generated_g": 7,
            "received_g": 0,
            "utilised_g": 7,
            "disposed_g": 0,
            "dumped_g": 0,
            "sent_g": 0,
            "closing_g": 0,
            "unexplained_g": 0,
            "residual_g": 0,
        },
    }
    assert run("--place", "安吉", "--year", "2022", command=mass_balance).exit_code == 2


def test_a_booked_line_sent_again_with_a_broken_cell_gets_one_finding(run):
    run("post", "a.csv", files={"a.csv": GOOD.encode()})
    result = run("post", "a.csv", files={"a.csv": GOOD.replace("1.5,吨", "很多,吨").encode()})
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["第 2 行\t重量\t“很多” 不是数字。\t请只填写数字，例如 12.5。"]


@pytest.mark.parametrize(
    ("command", "words", "says"),
    [
        (ledger, ["balance", "--place", "'; DROP"], "应为 6、9 或 12 位行政区划代码"),
        (ledger, ["balance", "--place", "999999"], "没有行政区划 999999"),
        (ledger, ["post", "a.csv", "--actor", "x" * 151], "有 151 个字，最多 150 个。"),
        (mass_balance, ["--place", "999999", "--year", "2022"], "没有行政区划 999999"),
        (mass_balance, ["--place", "330523", "--year", "99999"], "99999"),
        (mass_balance, ["--place", "330523", "--year", "2022", "--domain", "x"], "应为下列之一"),
    ],
)
def test_arguments_that_mean_nothing_end_with_2_and_say_so(run, command, words, says):
    result = run(*words, command=command, files={"a.csv": GOOD.encode()})
    assert result.exit_code == 2
    assert says in result.output
    assert counts() == (0, 0, 0)
