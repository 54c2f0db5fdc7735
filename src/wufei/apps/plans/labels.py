"""The Chinese words for the names in the code, as pages, tables and the command line show them."""

from wufei.core.plan import Mark

MARKS = {
    Mark.REQUIRED: "必选",
    Mark.OPTIONAL: "可选",
    Mark.SUBSTITUTE: "替代",
    Mark.PROVINCIAL: "省定",
    Mark.REFERENCE: "参考",
}
LISTS = {"targets": "目标清单", "tasks": "任务清单", "projects": "项目清单", "responsibilities": "责任清单"}
# Dated figures of the running text, beside the numbered targets; shown where a plan has any.
TEXT_TARGETS = {"text_targets": "正文目标"}
PAGES = LISTS | TEXT_TARGETS
