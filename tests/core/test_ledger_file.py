"""Ledger files: heads in two languages, every fault of every line at once."""

from wufei.core.intake import read_rows
from wufei.core.ledger import Account, Bucket
from wufei.core.ledger_file import columns, match_heads, plain_head, read_batches
from wufei.core.ledger_rules import check, kinds, to_us
from wufei.core.ledger_rules import from_us as instant

HEAD = "编号,发生日期,业务类型,废物代码,重量,单位,转出方,转入方,件数\n"
GOOD = HEAD + "k1,2022-03-01,产生,900-001-S17,1.5,吨,site:A,site:A,3\n"


def read(text: str, name: str = "a.csv", encoding: str = "utf-8", size: int = 100):
    return list(read_batches(read_rows(name, text.encode(encoding)), size))


def test_a_line_becomes_a_movement_with_the_buckets_of_its_kind():
    [(batch, findings)] = read(GOOD)
    assert findings == []
    assert batch.accounts == [
        Account("site:A", "900-001-S17", Bucket.GENERATED),
        Account("site:A", "900-001-S17", Bucket.STORED),
    ]
    assert (list(batch.mass_g), list(batch.count), list(batch.basis)) == ([1_500_000], [3], ["weighed"])
    # A time without a zone is Asia/Shanghai: midnight there is 16:00 UTC of the day before.
    assert instant(batch.occurred_us[0]).isoformat() == "2022-02-28T16:00:00+00:00"
    assert batch.line(0) == 2


def test_gb18030_bom_tabs_and_english_heads_say_the_same():
    english = "key,date,kind,waste_code,quantity,unit,from,to,count\n"
    english += "k1,44621,generate,900-001-S17,1500,kg,site:A,site:A,3\n"
    expected = [read(GOOD)[0][0].content(0)]
    for text, name, encoding in (
        (GOOD, "a.csv", "gb18030"),
        (GOOD, "a.csv", "utf-8-sig"),
        (GOOD.replace(",", "\t"), "a.tsv", "utf-8"),
        (english, "a.csv", "utf-8"),
        (
            '{"key":"k1","date":"2022-03-01","kind":"generate","waste_code":"900-001-S17","mass":1.5,"unit":"t",'
            '"from":"site:A","to":"site:A","count":3}\n',
            "a.jsonl",
            "utf-8",
        ),
    ):
        [(batch, findings)] = read(text, name, encoding)
        assert findings == []
        assert [batch.content(0)] == expected


def test_every_fault_of_every_line_is_told_at_once():
    text = HEAD + (
        "k1,2022-13-01,产生,900-001-S17,1.5,磅,site:A,site:A,x\n"
        "k2,2022-03-01,飞走,900-001-S17,-1,吨,site:A,site:A,\n"
        "k3,2022-03-01,产生,900-001-S17,0,吨,site:A,site:A,1.5\n"
    )
    [(batch, findings)] = read(text)
    findings += check(batch, now_us=to_us(instant(0)) + 10**18)
    assert sorted((f.line, f.field) for f in findings) == [
        (2, "count"),
        (2, "occurred_at"),
        (2, "unit"),
        (3, "kind"),
        (3, "mass"),
        (4, "count"),
        (4, "mass"),
    ]
    assert all(f.what and f.remedy for f in findings)


def test_missing_columns_are_told_once_each_and_no_line_is_read():
    [(batch, findings)] = read("编号,重量\nk1,1\nk2,2\n")
    assert len(batch) == 0
    assert {f.field for f in findings} == {
        "occurred_at", "kind", "waste_code", "unit", "source_holder", "target_holder",
    }  # fmt: skip


def test_a_ragged_line_is_told_and_the_rest_is_still_read():
    [(batch, findings)] = read(GOOD + "k2,2022-03-01\n")
    assert len(batch) == 1
    assert [(f.line, f.code) for f in findings] == [(3, "ragged_row")]


def test_an_empty_file_says_so():
    assert [f.code for f in read(HEAD)[0][1]] == ["no_rows"]


def test_long_files_come_in_parts_in_the_order_of_lines():
    lines = "".join(f"k{i},2022-03-01,产生,900-001-S17,1,吨,site:A,site:A,\n" for i in range(5))
    assert [[*batch.key] for batch, _ in read(HEAD + lines, size=2)] == [["k0", "k1"], ["k2", "k3"], ["k4"]]


def test_no_head_names_two_fields_and_brackets_are_cut():
    heads = [plain_head(head) for column in columns() for head in column.heads]
    assert len(heads) == len(set(heads))
    assert match_heads(["重量（吨）"], 1)[0] == {"mass": "重量（吨）"}


def test_no_word_names_two_kinds_and_clerks_words_are_understood():
    words = [word for row in kinds().values() for word in (row.kind, row.name, *row.also)]
    assert len(words) == len(set(words))
    [(batch, findings)] = read(GOOD.replace("产生", "利用"))
    assert (findings, list(batch.kind)) == ([], ["utilise"])


def test_a_key_typed_in_two_encodings_of_a_letter_is_one_key():
    def key(text):
        [(batch, findings)] = read(GOOD.replace("k1", text))
        assert findings == []
        return batch.key[0]

    assert key("cafe\u0301") == key("caf\u00e9") == "caf\u00e9"


def test_two_heads_of_one_field_are_refused():
    _, findings = match_heads(["重量", "数量"], 1)
    assert ("mass", "column_twice") in [(f.field, f.code) for f in findings]
