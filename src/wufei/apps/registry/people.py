"""Writes of people: accounts with a role, at a division, of a department or an organisation."""

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Department, Division, Organisation, Role, User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.core.findings import Finding, Refused

PLACELESS = frozenset({Role.CITIZEN, Role.DEVICE, Role.OTHER_SYSTEM})


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is asked for an account; codes and names as typed, empty where not given."""

    username: str
    password: str
    role: str
    division: str = ""
    department: str = ""
    organisation: str = ""  # credit code or name
    display_name: str = ""
    is_demo: bool = False


@transaction.atomic
def create_user(new: NewUser, *, actor: str) -> User:
    """Make one account. Raises ``Refused`` with everything that is wrong; nothing is kept then."""
    findings: list[Finding] = []
    division = _division(new, findings)
    department = _department(new, division, findings)
    organisation = _organisation(new, findings)
    user = User(
        username=new.username,
        role=new.role,
        division=division,
        department=department,
        organisation=organisation,
        display_name=new.display_name,
        is_demo=new.is_demo,
    )
    _check_names(new, findings)
    findings += _password_findings(new.password, user)
    if findings:
        raise Refused(findings)
    user.set_password(new.password)
    user.save()
    record_fact(
        at=timezone.now(),
        actor=actor,
        verb="create_user",
        subject=f"user:{user.username}",
        division=user.division_id or "",
        after={"role": user.role, "department": new.department, "organisation": new.organisation},
    )
    return user


@transaction.atomic
def set_password(username: str, password: str, *, actor: str) -> None:
    """Give an account another password; its sessions end. Raises ``Refused``."""
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        raise Refused(
            [Finding(None, "username", f"没有账号“{username}”。", "用 wufei user list 查看账号。", "unknown_user")]
        )
    findings = _password_findings(password, user)
    if findings:
        raise Refused(findings)
    user.set_password(password)
    user.save(update_fields=["password"])
    record_fact(
        at=timezone.now(),
        actor=actor,
        verb="set_password",
        subject=f"user:{username}",
        division=user.division_id or "",
    )


@transaction.atomic
def set_active(username: str, *, active: bool, reason: str, actor: str) -> None:
    """Stop an account, or let it in again. Stopped, its sessions, tokens, webhooks and phones act no more at once.

    Raises ``Refused``.
    """
    user = User.objects.select_for_update(of=("self",)).filter(username=username).first()
    if user is None:
        what = f"没有账号“{username}”。"
        raise Refused([Finding(None, "username", what, "用 wufei user list 查看账号。", "unknown_user")])
    if user.is_active == active:
        what = f"账号“{username}”已经{'在用' if active else '停用'}。"
        raise Refused([Finding(None, "username", what, "不必再办。", "user_stands_so")])
    user.is_active = active
    user.save(update_fields=["is_active"])
    record_fact(
        at=timezone.now(),
        actor=actor,
        verb="resume_user" if active else "stop_user",
        subject=f"user:{username}",
        division=user.division_id or "",
        after={"reason": reason[:200]} if reason else None,
    )


def _check_names(new: NewUser, findings: list[Finding]) -> None:
    if new.role not in Role.values:
        roles = "、".join(f"{value}（{label}）" for value, label in Role.choices)
        findings.append(Finding(None, "role", f"没有角色“{new.role}”。", f"可用的角色：{roles}。", "unknown_role"))
    try:
        UnicodeUsernameValidator()(new.username)
    except ValidationError:
        remedy = "用户名只用字母、数字、汉字和 @ . + - _。"
        findings.append(
            Finding(None, "username", f"用户名“{new.username}”含有不可用的字符。", remedy, "bad_username")
        )
    if User.objects.filter(username=new.username).exists():
        what = f"已有账号“{new.username}”。"
        findings.append(Finding(None, "username", what, "请换一个用户名，或为它改密码。", "user_exists"))


def _password_findings(password: str, user: User) -> list[Finding]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [
            Finding(None, "password", text, "请换一个更长、不常见的密码。", "weak_password")
            for text in error.messages
        ]
    return []


def _division(new: NewUser, findings: list[Finding]) -> Division | None:
    if not new.division:
        if new.role not in PLACELESS:
            what = "没有写行政区划。"
            findings.append(Finding(None, "division", what, "请给出代码，例如 330523。", "blank_division"))
        return None
    found = Division.objects.filter(pk=new.division).first()
    if found is None:
        what = f"没有行政区划“{new.division}”。"
        findings.append(Finding(None, "division", what, "请用 6、9 或 12 位代码。", "unknown_division"))
    return found


def _department(new: NewUser, division: Division | None, findings: list[Finding]) -> Department | None:
    if not new.department:
        if new.role == Role.DEPARTMENT:
            what = "部门账号没有写部门。"
            findings.append(Finding(None, "department", what, "请给出部门名称。", "blank_department"))
        return None
    if division is None:
        return None
    found = Department.objects.filter(division=division, name=new.department).first()
    if found is None:
        names = "、".join(Department.objects.filter(division=division).values_list("name", flat=True)[:12])
        remedy = f"已登记的部门有：{names} 等。" if names else "请先登记部门。"
        what = f"{division.name}没有登记部门“{new.department}”。"
        findings.append(Finding(None, "department", what, remedy, "unknown_department"))
    return found


def _organisation(new: NewUser, findings: list[Finding]) -> Organisation | None:
    if not new.organisation:
        if new.role in FIRM_ROLES:
            what = "单位账号没有写单位。"
            findings.append(
                Finding(None, "organisation", what, "请给出统一社会信用代码或名称。", "blank_organisation")
            )
        return None
    found = list(
        Organisation.objects.filter(credit_code=new.organisation)
        or Organisation.objects.filter(name=new.organisation)
    )
    if len(found) != 1:
        what = f"登记的单位中有 {len(found)} 家是“{new.organisation}”。"
        findings.append(
            Finding(None, "organisation", what, "请给出已登记单位的统一社会信用代码。", "unknown_organisation")
        )
        return None
    return found[0]
