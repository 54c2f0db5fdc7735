"""A plan as plain text for people at a terminal."""

from collections.abc import Sequence

from wufei.apps.plans import labels
from wufei.core.numbers import decimal_text
from wufei.core.plan import Pack, Target
from wufei.core.units import unit_name


def summary(pack: Pack) -> str:
    """How many rows each list has, and the projects' sum where the document names investments."""
    numbers = f"目标 {len(pack.targets)}、任务 {len(pack.tasks)}、项目 {len(pack.projects)}"
    return f"{numbers}{_total(pack)}、责任 {len(pack.responsibilities)}"


def _total(pack: Pack) -> str:
    return f"（合计 {decimal_text(pack.investment_wan_yuan)} 万元）" if pack.has_investments else ""


def _target_lines(targets: Sequence[Target]) -> list[str]:
    lines = []
    for target in targets:
        years = "；".join(f"{year}年 {text}" for year, text in sorted(target.shown_targets().items()))
        unit = f"（{unit_name(target.unit)}）" if target.unit else ""
        words = [f"{target.no or '—'}. [{labels.MARKS[target.mark]}] {target.name}{unit}"]
        words += [f"基准 {target.shown_baseline()}"] if target.shown_baseline() else []
        lines.append(" ".join([*words, years]).rstrip())
        lines.append(f"    {'、'.join(target.all_departments) or '—'}  {target.source}")
    return lines


def text_lines(pack: Pack) -> list[str]:
    """The four lists as lines of text for people."""
    lines = [f"{pack.place}（{pack.division}） {pack.title}", summary(pack)]
    lines += ["", f"目标清单（{len(pack.targets)}）"]
    lines += _target_lines(pack.targets)
    if pack.text_targets:
        lines += ["", f"正文中的目标（{len(pack.text_targets)}）", *_target_lines(pack.text_targets)]
    lines += ["", f"任务清单（{len(pack.tasks)}）"]
    for task in pack.tasks:
        lines.append(f"{task.no or '—'}. [{task.group}] {task.title}  {task.deadline}".rstrip())
        cooperating = f"；配合：{'、'.join(task.cooperating)}" if task.cooperating else ""
        lines.append(f"    牵头：{'、'.join(task.lead) or '—'}{cooperating}  {task.source}")
    lines += ["", f"项目清单（{len(pack.projects)}）{_total(pack)}"]
    for project in pack.projects:
        money = decimal_text(project.investment_wan_yuan)
        lines.append(
            f"{project.no or '—'}. {project.name}  {money + ' 万元' if money else '—'}  {project.completion}"
        )
        lines.append(f"    {project.builder or '—'}  {project.source}")
    lines += ["", f"责任清单（{len(pack.responsibilities)}）"]
    for duty in pack.responsibilities:
        lines.append(f"{duty.no or '—'}. [{duty.group}] {duty.title}")
        joining = f"；参与：{'、'.join(duty.participating)}" if duty.participating else ""
        lines.append(f"    牵头：{'、'.join(duty.lead) or '—'}{joining}  {duty.source}")
    return lines
