"""The chain in public: what anyone sees, how they check it, and the command that needs no database."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.ledger.conftest import NOW, STORE, TRUCK, move, trip

from wufei.apps.ledger.checkpoints import NoProof, _below, prove, take_checkpoint, trusted_key
from wufei.apps.ledger.models import CheckpointRecord, MovementRecord
from wufei.apps.ledger.proof_commands import proof as proof_command
from wufei.core.chain import public_key_of
from wufei.core.proof import LARGEST, check_proofs, read_checkpoints

OTHER = public_key_of(bytes(32)).hex()
INDEX, LINES, CHECK = (reverse(f"transparency:{name}") for name in ("index", "lines", "check"))


@pytest.fixture
def sealed(post):
    """A trip under one checkpoint."""
    post(*trip())
    take_checkpoint(actor="tester", at=NOW)
    return json.dumps(prove("t3"))


def checkpoints(count):
    for number in range(count):
        take_checkpoint(actor="tester", at=NOW + timedelta(days=number))


def shown(answer):
    return answer.content.decode()


# --- Pages --------------------------------------------------------------------------------------------------------


def test_anyone_sees_the_checkpoints_newest_first_page_by_page(client, post):
    post(*trip())
    checkpoints(45)
    page = shown(client.get(INDEX))
    rows = list(CheckpointRecord.objects.order_by("-id"))
    assert page.index(bytes(rows[0].root).hex()) < page.index(bytes(rows[1].signature).hex())
    for part in (rows[0].root, rows[0].previous, rows[0].signature, rows[0].public_key):
        assert bytes(part).hex() in page
    assert "?before=26" in page
    second = shown(client.get(INDEX, {"before": 26}))
    assert bytes(rows[20].signature).hex() in second
    assert bytes(rows[19].signature).hex() not in second
    last = shown(client.get(INDEX, {"before": 6}))
    assert bytes(rows[-1].signature).hex() in last
    assert "?before=" not in last


def test_the_page_asks_the_database_once_however_many_there_are(client, post):
    post(*trip())
    checkpoints(2)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(INDEX)
    checkpoints(30)
    with CaptureQueriesContext(connection) as many:
        client.get(INDEX)
    assert len(few) == len(many) == 1


def test_nothing_of_any_holder_is_public(client, sealed):
    for page in (shown(client.get(INDEX)), b"".join(client.get(LINES).streaming_content).decode()):
        for private in ("site:A", "甲厂", "浙E00001", "900-001-S17", "weighing:1", "tester"):
            assert private not in page


def test_an_empty_ledger_says_what_to_do(client, db):
    assert "wufei ledger checkpoint" in shown(client.get(INDEX))
    assert b"".join(client.get(LINES).streaming_content) == b""


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "０", "1.5", "%00"])
def test_a_senseless_place_in_the_list_is_left_out_of_account(client, sealed, before):
    assert client.get(INDEX, {"before": before}).status_code == 200
    assert client.get(LINES, {"after": before}).status_code == 200


def test_the_list_is_downloaded_as_lines_that_hang_together(client, post):
    post(*trip())
    checkpoints(3)
    answer = client.get(LINES)
    assert "checkpoints.jsonl" in answer.headers["Content-Disposition"]
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert sorted(read_checkpoints(lines, public_key=trusted_key())) == [1, 2, 3]
    rest = b"".join(client.get(LINES, {"after": 2}).streaming_content).decode().splitlines()
    assert [json.loads(line)["number"] for line in rest] == [3]


# --- Checking on the page -----------------------------------------------------------------------------------------


def test_a_pasted_proof_gets_its_verdict(client, sealed):
    answer = client.post(CHECK, {"proof": sealed})
    assert answer.status_code == 200
    for text in (
        "证明成立：1 份",
        "到场卸货",
        "vehicle:V · 900-001-S17 · 运输中",
        "0.001",
        trusted_key().hex(),
        "本平台最新检查点的",
    ):
        assert text in shown(answer), text
    file = SimpleUploadedFile("proof.json", sealed.encode())
    assert "证明成立" in shown(client.post(CHECK, {"file": file, "public_key": trusted_key().hex()}))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"mass_g": 1000', '"mass_g": 1001', "摘要不符"),
        ('"wufei-proof-1"', '"wufei-proof-9"', "格式"),
        ("[", "", "格式"),
    ],
)
def test_a_proof_that_was_changed_is_told_apart(client, sealed, old, new, reason):
    assert old in sealed
    answer = client.post(CHECK, {"proof": sealed.replace(old, new, 1)})
    assert answer.status_code == 422
    assert "证明不成立" in shown(answer)
    assert reason in shown(answer)


def test_a_proof_under_another_key_does_not_hold(client, sealed):
    assert "不是所给的公钥" in shown(client.post(CHECK, {"proof": sealed, "public_key": OTHER}))


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "没有证明"),
        ({"proof": "  "}, "没有证明"),
        ({"proof": "[]", "public_key": "xyz"}, "64 位十六进制"),
        ({"proof": "<script>alert(1)</script>"}, "证明不成立"),
        ({"proof": "\x00"}, "证明不成立"),
    ],
)
def test_senseless_input_is_told_what_to_do(client, sealed, form, says):
    answer = client.post(CHECK, form)
    assert answer.status_code == 422
    assert says in shown(answer)
    assert "<script>alert" not in shown(answer)


def test_a_mountain_is_refused_before_it_is_read(client, db):
    answer = client.post(CHECK, {"proof": "1" * (LARGEST + 100_000)})
    assert answer.status_code == 413
    assert "最多 8 MB" in shown(answer)


def test_checking_changes_nothing_and_needs_no_account(client, sealed, django_assert_num_queries):
    with django_assert_num_queries(2):  # the newest key, the list of checkpoints
        client.post(CHECK, {"proof": sealed})
    assert client.get(CHECK).status_code == 200


# --- Proofs of a manifest -----------------------------------------------------------------------------------------


def key_of(number, sequence, what):
    return f"manifest:{number}:{sequence}:1:{what}"


@pytest.fixture
def manifests(post):
    """Two manifests whose numbers begin alike, and one with a word behind its number."""
    loads = []
    for number in ("20263305000017", "202633050000170", "2026330500001"):
        document = f"manifest:{number}"
        generate, load, unload, use = trip(number, 1000)
        loads += [
            generate,
            move(STORE, TRUCK, 1000, "load", key_of(number, 2, "load"), document=document),
            move(TRUCK, unload.target, 1000, "unload", key_of(number, 4, "unload"), document=document),
            use,
        ]
    post(*loads)
    take_checkpoint(actor="tester", at=NOW)


def test_a_manifest_number_proves_all_its_movements_and_no_others(manifests):
    for number in ("20263305000017", "202633050000170", "2026330500001"):
        proofs = prove(number)
        assert [p["movement"]["key"] for p in proofs] == [key_of(number, 2, "load"), key_of(number, 4, "unload")]
        assert check_proofs(json.dumps(proofs).encode(), public_key=trusted_key()).holds
    for nothing in ("", "2026", "%", "20263305000017:", "_0263305000017"):
        with pytest.raises(NoProof):
            prove(nothing)


def test_the_movements_of_a_manifest_are_found_by_an_index(manifests):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of a dozen rows is scanned otherwise
    plan = MovementRecord.objects.filter(**_below("20263305000017")).explain()
    condition = plan.casefold()
    assert "index" in condition
    assert ">" in condition
    assert "scan ledger_movement" not in condition


def test_the_proofs_of_a_manifest_read_the_heads_of_a_checkpoint_once(manifests):
    with CaptureQueriesContext(connection) as asked:
        prove("20263305000017")
    assert sum("MAX(b.batch_id)" in query["sql"] for query in asked) == 1


# --- The command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    def call(*words):
        return CliRunner().invoke(proof_command, [*words])

    return call


def test_the_command_makes_a_proof_and_checks_it(run, sealed, tmp_path, client):
    made = run("t3")
    assert made.exit_code == 0
    path, listed, key = (tmp_path / name for name in ("proof.json", "checkpoints.jsonl", "key"))
    path.write_text(made.stdout, encoding="utf-8")
    listed.write_bytes(b"".join(client.get(LINES).streaming_content))
    key.write_text(trusted_key().hex() + "\n")
    for given in (trusted_key().hex(), str(key)):
        told = run("check", str(path), "--public-key", given, "--checkpoints", str(listed))
        assert told.exit_code == 0
        assert "证明成立：1 份" in told.stdout
        assert "0.001 吨（1000 克）" in told.stdout
        assert told.stderr == ""
    warned = run("check", str(path))
    assert warned.exit_code == 0
    assert "不能说明是谁签的" in warned.stderr
    assert run("check", str(path), "--public-key", OTHER).exit_code == 1
    assert run("check", str(path), "--public-key", "xyz").exit_code == 2
    assert json.loads(run("check", str(path), "--json").stdout)["movements"][0]["key"] == "t3"


def test_the_command_tells_a_changed_proof_and_a_foreign_list(run, sealed, tmp_path):
    path, listed = tmp_path / "proof.json", tmp_path / "checkpoints.jsonl"
    path.write_text(sealed.replace('"mass_g": 1000', '"mass_g": 1001'))
    told = run("check", str(path), "--public-key", trusted_key().hex())
    assert told.exit_code == 1
    assert "证明不成立。第 1 份：" in told.stdout
    path.write_text(sealed)
    listed.write_text("{}\n")
    told = run("check", str(path), "--checkpoints", str(listed))
    assert (told.exit_code, "清单" in told.stdout) == (1, True)


def test_an_unknown_code_is_told_what_to_do(run, sealed):
    told = run("nothing")
    assert told.exit_code == 1
    assert "请核对" in told.output


def test_checking_needs_no_database_and_no_network(sealed, tmp_path):
    """A process of its own, with a database that is not there and an empty home."""
    path = tmp_path / "proof.json"
    path.write_text(sealed)
    home = tmp_path / "home"
    environment = os.environ | {
        "WUFEI_HOME": str(home),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DJANGO_SETTINGS_MODULE": "wufei.config.settings",
    }
    blocked = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        "sys.argv = ['wufei', 'proof', 'check', sys.argv[1], '--public-key', sys.argv[2]]\n"
        "from wufei.config.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", blocked, str(path), trusted_key().hex()],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "证明成立：1 份" in done.stdout
    assert not list(home.glob("*.sqlite3"))
