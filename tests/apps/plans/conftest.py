"""Small factories for plans and the people who look at them."""

import pytest

from wufei.apps.plans.services import load_pack
from wufei.apps.registry.models import Division, Role, User
from wufei.core import plan as core

NAMES = {"330825": "龙游县", "330523": "安吉县", "330800": "衢州市", "330825101": "湖镇镇"}


@pytest.fixture
def make_division(db):
    def make(code: str) -> Division:
        level = {6: 3, 9: 4, 12: 5}[len(code)]
        prefix = code.rstrip("0") if level == 3 else code
        defaults = {"prefix": prefix, "name": NAMES.get(code, code), "level": level}
        return Division.objects.get_or_create(code=code, defaults=defaults)[0]

    return make


@pytest.fixture
def make_user(make_division):
    def make(role: Role = Role.PROGRAMME_OFFICE, division: str = "330825") -> User:
        name = f"{role}-{division}"
        return User.objects.create(username=name, role=role, division=make_division(division))

    return make


@pytest.fixture
def make_pack():
    def make(division: str = "330825", tasks: int = 1, title: str = "任务") -> core.Pack:
        rows = tuple(
            core.Task(
                key=f"t{number}",
                no=str(number),
                group="一" if number % 2 else "二",
                title=f"{title}{number}",
                lead=("县住建局",),
                cooperating=("县经信局",) if number % 3 == 0 else (),
                deadline=["2021-06", "持续推进", "2020-12"][number % 3],
                source=f"附件2 序号{number}（原文第{number}行）",
                note="",
            )
            for number in range(1, tasks + 1)
        )
        return core.Pack(
            division=division,
            place=NAMES[division],
            title=f"{NAMES[division]}方案",
            years=(2021,),
            baseline_year=2019,
            legend={},
            rule_set=None,
            notes=(),
            targets=(),
            tasks=rows,
            projects=(),
            responsibilities=(),
        )

    return make


@pytest.fixture
def longyou(make_division):
    """The plan of 龙游 as the package brings it."""
    make_division("330825")
    return load_pack(core.read_pack("330825"))
