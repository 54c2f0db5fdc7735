"""What the pages of the weighings ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms

from wufei.core.findings import Finding
from wufei.core.ledger_rules import bases
from wufei.core.weighing import DIRECTION_NAMES, TEXTS

UNITS = (("", "按表头"), ("kg", "千克"), ("t", "吨"))


class ImportForm(forms.Form):
    """A file of tickets, its site, and what holds where the sheet does not say it."""

    file = forms.FileField(error_messages={"required": "没有选择文件。请选择 Excel 或 CSV 文件。"})
    site = forms.CharField(max_length=40, error_messages={"required": "没有选择过磅的场所。"})
    device = forms.CharField(max_length=40, required=False)
    direction = forms.ChoiceField(choices=(("", "按场所"), *DIRECTION_NAMES.items()), required=False)
    unit = forms.ChoiceField(choices=UNITS, required=False)
    source = forms.CharField(max_length=80, required=False)

    def __init__(self, *args: object, sites: Sequence[tuple[str, str]] = (), **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.sites = sites


class ReasonForm(forms.Form):
    """Why something is undone."""

    reason = forms.CharField(max_length=200, error_messages={"required": "没有写撤销原因。请写明为什么撤销。"})


# --- One ticket by hand ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketInput:
    """One input of a ticket: ``name`` is a column of ``data/weighings/columns.csv``, ``kind`` that of the element."""

    name: str
    label: str
    text: str
    error: str
    is_required: bool = False
    kind: str = "text"
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    datalist: str = ""
    longest: int = 40
    is_wide: bool = False

    @property
    def id(self) -> str:
        """The id of the input on the page."""
        return f"w-{self.name}"


@dataclass(frozen=True, slots=True)
class TicketGroup:
    """The inputs of one card."""

    title: str
    inputs: tuple[TicketInput, ...]


COLUMNS = (
    "ticket", "weighed_at", "plate", "waste", "gross", "tare", "net", "direction", "source", "device", "manifest",
    "package", "count", "basis", "note",
)  # fmt: skip


def ticket_groups(
    values: Mapping[str, str], findings: Sequence[Finding], sites: Sequence[tuple[str, str]]
) -> list[TicketGroup]:
    """The form of one ticket with what was typed and what is wrong at each input."""
    errors: dict[str, str] = {}
    for found in findings:
        errors[found.field] = errors.get(found.field, "") + found.what + found.remedy

    def one(name: str, label: str, **more: object) -> TicketInput:
        longest = {"longest": TEXTS[name][1]} if name in TEXTS else {}
        return TicketInput(name, label, values.get(name, ""), errors.get(name, ""), **(longest | more))  # type: ignore[arg-type]

    places = tuple((code, f"{name}（{code}）") for code, name in sites)
    return [
        TicketGroup("衡器和磅单", (
            one("site", "过磅的场所", is_required=True, options=(("", "请选择"), *places), is_wide=True),
            one("device", "磅号", help="有几台磅时用来区分"),
            one("ticket", "磅单号", is_required=True, help="照磅单上的号码；没有号码时编一个不重复的"),
            one("weighed_at", "过磅时间", is_required=True, kind="datetime-local", is_wide=True),
            one("direction", "进出", is_required=True, options=(("", "请选择"), *DIRECTION_NAMES.items())),
        )),
        TicketGroup("重量（千克）", (
            one("gross", "毛重", kind="mass"),
            one("tare", "皮重", kind="mass"),
            one("net", "净重", kind="mass", help="不填则为毛重减皮重；只称净重的只填净重"),
            one("basis", "计量方式", options=tuple(bases().items())),
        )),
        TicketGroup("废物和车辆", (
            one("waste", "废物代码或名称", is_required=True, datalist="waste-codes", longest=60, is_wide=True),
            one("source", "来源", help="产生场所的编号或名称，或本地乡镇（街道）", is_wide=True),
            one("plate", "车牌号", datalist="ticket-plates"),
            one("manifest", "联单号", help="有联单的由联单记账，磅单附于联单"),
            one("package", "包装码"),
            one("count", "件数", kind="number"),
            one("note", "备注", is_wide=True),
        )),
    ]  # fmt: skip
