"""The table of validation rules: one function a rule family, registered by its number; one failing stops no other."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wufei.core.reference import read_document
from wufei.core.validation.case import Case, Issue

Check = Callable[[Case], Iterable[Issue]]

_log = logging.getLogger(__name__)
_LEVEL_ORDER = {"error": 0, "warn": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's number, title and usual level, from ``data/validation/rules.json``."""

    id: str
    title: str
    level: str


def _rules() -> dict[str, Rule]:
    return {row["id"]: Rule(**row) for row in read_document("validation/rules.json")}


RULES = _rules()
_checks: dict[str, Check] = {}


def rule(*numbers: str) -> Callable[[Check], Check]:
    """Register a function as the check of these rules. A second one of the same name fails at start-up."""

    def register(check: Check) -> Check:
        name = f"{'+'.join(numbers)}:{check.__name__}"
        assert name not in _checks, name
        assert all(number in RULES for number in numbers), numbers
        _checks[name] = check
        return check

    return register


def registered() -> dict[str, Check]:
    """All checks by ``rule:function``."""
    return dict(_checks)


def run(case: Case, checks: dict[str, Check] | None = None) -> list[Issue]:
    """All issues of a case, the gravest first. A check that breaks is told as an issue; the others still run."""
    found: list[Issue] = []
    for name, check in (checks or _checks).items():
        try:
            found.extend(check(case))
        except Exception:  # noqa: BLE001 - whatever a rule breaks on, the other rules still have to speak
            _log.exception("The check %s failed on %s %s.", name, case.division, case.year)
            number = name.partition(":")[0].partition("+")[0]
            message = f"规则 {name} 运行失败，本次没有检查到它所管的内容。"
            found.append(Issue(number, "error", "检查程序", message, "把日志交给维护人员；其余规则已照常运行。", ""))
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda issue: (_LEVEL_ORDER[issue.level], issue.rule))


def issue(
    number: str,
    subject: str,
    message: str,
    proposal: str,
    source: str,
    *,
    level: str = "",
    elements: Iterable[str] = (),
    period: object = "",
) -> Issue:
    """An issue of a rule, at the rule's usual level unless another is given."""
    return Issue(
        number, level or RULES[number].level, subject, message, proposal, source, tuple(elements), str(period)
    )
