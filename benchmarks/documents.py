"""Milliseconds a page of what is printed, warm and cold, as JSON lines. No database is needed."""

import json
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from time import perf_counter, process_time

from wufei.apps.documents.labels import render_labels
from wufei.apps.documents.manifest import Leg, ManifestPaper, Party, SignatureLine, render_manifest
from wufei.apps.documents.table_form import Column, Section, TableForm, render_table_form, warm_documents
from wufei.core.package import Label

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
LIMIT_MS = 150  # a page, warm


def label(number: int) -> Label:
    """A label whose texts and code are its own, so that nothing can be taken from an earlier one."""
    code = f"91330523MA2XXXXXXX9002140820261122{number % 1000:03}"
    return Label(
        code=code,
        waste_name=f"废机油第 {number} 批",
        category="HW08 废矿物油与含矿物油废物",
        waste_code="900-214-08",
        form="液态",
        hazards=("T", "I"),
        main_components="矿物油、添加剂",
        harmful_components="多环芳烃",
        precautions="远离火源，防止泄漏",
        organisation="安吉县鄣吴镇汽车维修有限公司",
        contact="张三",
        phone="13800000000",
        generated_on=date(2026, 11, 22),
        mass_g=178_500 + number,
        remark="",
        qr_url=f"https://wufei.example.gov.cn/q/{code}?{number}",
        domain="hazardous",
    )


def manifest(number: int, wastes: int, carriers: int) -> ManifestPaper:
    """A manifest with its signatures."""
    line = {"code": "900-214-08", "hazards": "T,I", "form": "L", "components": "多环芳烃", "packing": "drum"}
    document = {
        "generator": {"handler": "张三", "emergency_phone": "13800000000"},
        "wastes": [{**line, "name": f"废油 {number}-{n}", "mass_g": 1000 + n, "method": "R9"} for n in range(wastes)],
        "carriers": [{"vehicle": f"浙E{number % 100_000:05}", "driver": "李四"}] * carriers,
        "receipt": {"lines": [{"accepted_g": 1000 + n} for n in range(wastes)]},
    }
    return ManifestPaper(
        number=f"20263305{number:06}",
        profile="hazardous",
        stage="已确认",
        document=document,
        qr_url=f"https://wufei.example.gov.cn/q/20263305{number:06}",
        printed_at=AT,
        generator=Party("安吉县鄣吴镇汽车维修有限公司", "安吉县鄣吴镇"),
        legs=[Leg(Party("湖州运输公司"), AT, AT)] * carriers,
        receiver=Party("长兴环保公司"),
        signatures=[SignatureLine("移出人", "张三", "安吉县鄣吴镇汽车维修有限公司", AT, "0" * 64)] * (carriers + 2),
    )


def form(number: int, rows: int) -> TableForm:
    """A declaration with rows of its own."""
    columns = [Column("废物名称", 3), Column("代码", 2), Column("产生量（吨）", 1, "right")]
    lines = [[f"废油 {number}-{n}", "900-214-08", f"{n}.5"] for n in range(rows)]
    return TableForm(title="危险废物申报表", number=str(number), sections=[Section(columns, lines)])


def tell(what: str, render: Callable[[int], bytes], runs: Sequence[int], pages: int) -> None:
    """Render once for each of ``runs``; print the middle and the worst time a page, and the processor time of each.

    Where the slowest took long and its processor time is that of the others, it waited for another process.
    """
    times, own, size = [], [], 0
    for number in runs:
        begin, begin_own = perf_counter(), process_time()
        size = len(render(number))
        own.append((process_time() - begin_own) * 1000 / pages)
        times.append((perf_counter() - begin) * 1000 / pages)
    figures = {
        f"{name}_a_page": round(choose(taken), 1)
        for kind, taken in (("ms", times), ("cpu_ms", own))
        for name, choose in ((f"p50_{kind}", statistics.median), (f"max_{kind}", max))
    }
    print(json.dumps({"what": what, "pages": pages, **figures, "limit_ms": LIMIT_MS, "bytes": size}), flush=True)


def main() -> None:
    """What a server's process does as it starts, its first page, then each kind of page warm."""
    tell("documents_warmed_at_start", lambda _: warm_documents() or b"", [1], 1)
    tell("document_first_of_process", lambda n: render_labels([label(n)]), [1], 1)
    render_manifest(manifest(0, 2, 2))
    tell("label", lambda n: render_labels([label(n)]), range(2, 32), 1)
    tell("labels_200", lambda n: render_labels([label(n * 1000 + i) for i in range(200)]), range(1, 4), 200)
    tell("manifest_two_wastes_two_carriers", lambda n: render_manifest(manifest(n, 2, 2)), range(1, 31), 1)
    tell("manifest_twenty_wastes", lambda n: render_manifest(manifest(n, 20, 2)), range(1, 11), 2)
    tell("form_thousand_rows", lambda n: render_table_form(form(n, 1000)), range(1, 4), 21)


if __name__ == "__main__":
    main()
