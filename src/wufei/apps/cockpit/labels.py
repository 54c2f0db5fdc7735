"""The Chinese words of the pages for the names in the code, and what a reader is told about each (tooltips)."""

from dataclasses import dataclass

from wufei.apps.assessment import labels as assessment
from wufei.apps.plans import labels as plans
from wufei.core.plan import Mark


@dataclass(frozen=True, slots=True)
class Label:
    """A word on the page, its help text and its Tabler colour."""

    text: str
    help: str
    colour: str = "secondary"


_MARKS = {
    Mark.REQUIRED: ("国家或省指标体系规定必须选用的指标。", "green"),
    Mark.OPTIONAL: ("由当地按实际情况选用的指标。", "blue"),
    Mark.SUBSTITUTE: ("用来替代国家指标体系中某一项的指标，口径与原指标不同。", "purple"),
    Mark.PROVINCIAL: ("省级指标体系增加的指标。", "orange"),
    Mark.REFERENCE: ("只作参考，不作为必须完成的要求。", "secondary"),
}
MARKS = {str(mark): Label(plans.MARKS[mark], *told) for mark, told in _MARKS.items()}

STATUSES = {
    "scored": Label("已评分", "数据和目标齐全，按评分细则算出了得分。", "green"),
    "met": Label("已达到", "数值达到了目标。这份方案没有评分细则，不打分。", "green"),
    "missed": Label("未达到", "数值还没有达到目标。这份方案没有评分细则，不打分。", "red"),
    "pending": Label("待定", "目标（如“完成年度目标”）的具体数值尚未下达，暂不打分，也不按 0 分计。", "azure"),
    "not_applicable": Label("不适用", "分母为零或本地没有这类废物，不参加评分。", "secondary"),
    "judged": Label("待评审", "需要由人评审打分并写明理由，尚未评审，不按 0 分计。", "purple"),
    "no_data": Label("缺数据", "缺少计算所需的数据，不打分，也不按 0 分计。填报后即可评分。", "orange"),
}

STATUS_ORDER = ["scored", "met", "missed", "pending", "judged", "no_data", "not_applicable"]

_LEVELS = {
    "error": ("数据之间相互矛盾，必须核实更正。", "red"),
    "warn": ("很可能有误，请核实。", "orange"),
    "info": ("值得注意，不一定有误。", "azure"),
}
LEVELS = {level: Label(text, *_LEVELS[level]) for level, text in assessment.LEVELS.items()}

VALUES = {
    "reported": Label("公布数", "部门上报、文件公布的数值。"),
    "ledger": Label("台账数", "由产废一本账的逐笔记录汇总得出的数值。"),
}

PARTIAL_STEPS = {
    "ceil": Label("不足一档按一档", "“每低 1% 扣 0.5 分”：不足 1% 也按 1% 扣。文件写明“不足按1%计”的按此计。"),
    "floor": Label("不足一档不扣", "“每低 1% 扣 0.5 分”：不足 1% 的部分不扣。"),
    "linear": Label("按比例扣", "“每低 1% 扣 0.5 分”：按实际差距的比例扣。"),
}

STAGES = {
    "opening": Label("期初库存", "年初时已在本地贮存或运输途中的质量。"),
    "generated": Label("本地产生", "本年度在本地产生的质量，含处理后产生的残渣、飞灰等。"),
    "received": Label("区外转入", "从本地以外转入的质量。"),
    "utilised": Label("利用", "综合利用的质量。"),
    "disposed": Label("处置", "焚烧、填埋等处置的质量。"),
    "dumped": Label("倾倒丢弃", "倾倒丢弃的质量。"),
    "sent": Label("转出区外", "转移到本地以外的质量。"),
    "closing": Label("期末库存", "年末仍在本地贮存或运输途中的质量。"),
    "unexplained": Label("差异", "账实不符、尚未查明的质量。"),
}
