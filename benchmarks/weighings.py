"""Import of ten thousand weighbridge tickets from a printed sheet: seconds to look at it, and to book it.

``python -m benchmarks.weighings`` measures it alone, on the database that the environment names.
"""

import io
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from time import perf_counter

import django
from openpyxl import Workbook

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
    django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

TICKETS = 10_000
PAGE = 40  # tickets on a printed page
NOW = datetime.fromisoformat("2026-11-25T08:00+08:00")
UPPER = ["序号", "磅单号", "车号", "货名", "重量(千克)", "", "", "过磅时间", "来源", "司磅员", "备注"]
LOWER = ["", "", "", "", "毛重", "皮重", "净重", "", "", "", ""]


def printed_sheet(tickets: int = TICKETS, prefix: str = "B") -> bytes:
    """A workbook as a weighbridge's program prints it: pages with heads and subtotals, text numbers, mixed dates."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("过磅明细")
    sheet.append(["餐厨垃圾处理厂过磅日报表"])
    sheet.append([])
    at, page_kg = datetime.fromisoformat("2026-01-01T06:00"), 0
    for n in range(tickets):
        if n % PAGE == 0:
            sheet.append(UPPER)
            sheet.append(LOWER)
        at += timedelta(minutes=20)
        net_kg = 3000 + n * 37 % 9000
        serial = (at - datetime.fromisoformat("1899-12-30T00:00")) / timedelta(days=1)
        when = [f"{at:%Y/%m/%d %H:%M}", serial, f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"][n % 3]
        net = [net_kg, f"{net_kg:,} ", f"{net_kg}kg"][n % 3]
        plate = f"浙 e·{10000 + n % 60}"
        source = ["递铺街道", "孝丰镇"][n % 2]
        sheet.append([n, f"{prefix}{n:06}", plate, "餐厨垃圾", 8000 + net_kg, 8000, net, when, source, "张三", ""])
        page_kg += net_kg
        if n % PAGE == PAGE - 1:
            sheet.append(["小计", "", "", "", "", "", f"{page_kg:,}"])
            sheet.append([])
            page_kg = 0
    sheet.append(["制表人：王五"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def measure_import(tell: Callable[..., None]) -> None:
    """Look at a sheet, book it, hand it in again, undo it; tell seconds and statements."""
    from wufei.apps.registry.models import Division, Organisation, Site, User
    from wufei.apps.weighings import imports

    for code, name, level, parent in [
        ("330523", "安吉县", 3, None),
        ("330523001", "递铺街道", 4, "330523"),
        ("330523105", "孝丰镇", 4, "330523"),
    ]:
        values = {"prefix": code, "name": name, "level": level, "parent_id": parent}
        Division.objects.get_or_create(code=code, defaults=values)
    firm, _ = Organisation.objects.get_or_create(name="基准处理厂", division_id="330523001", kind="facility")
    Site.objects.get_or_create(
        code="BENCH-SCALE",
        defaults={
            "name": "基准处理厂",
            "organisation": firm,
            "division_id": "330523001",
            "category": "treatment_plant",
            "domain": "household",
        },
    )
    user, _ = User.objects.get_or_create(username="bench", defaults={"role": "facility", "organisation": firm})
    upload = imports.Upload("过磅.xlsx", printed_sheet(), "BENCH-SCALE", device="1号磅")

    def timed(what: str, work: Callable[[], object]) -> object:
        with CaptureQueriesContext(connection) as queries:
            begin = perf_counter()
            done = work()
            took = perf_counter() - begin
        tell(what, tickets=TICKETS, seconds=round(took, 2), statements=len(queries))
        return done

    checked = timed("tickets_preview", lambda: imports.check_tickets(user=user, upload=upload, now=NOW))
    assert isinstance(checked, imports.Checked)
    assert not checked.findings, checked.findings[:3]
    brought = timed("tickets_import", lambda: imports.import_tickets(user=user, upload=upload, at=NOW))
    again = timed("tickets_import_again", lambda: imports.import_tickets(user=user, upload=upload, at=NOW))
    assert isinstance(brought, imports.TicketImport)
    assert isinstance(again, imports.TicketImport)
    assert (brought.tickets, again.tickets) == (TICKETS, 0)
    timed("tickets_undo", lambda: imports.undo_import(user=user, pk=brought.pk, reason="测速", at=NOW))


def _print(what: str, **figures: object) -> None:
    print(json.dumps({"what": what, "database": connection.vendor, **figures}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    measure_import(_print)
