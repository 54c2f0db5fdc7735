"""Small factories for figures and the people who report them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from wufei.apps.assessment import services
from wufei.apps.registry.models import Division, Role, User
from wufei.core.values import State, Value

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
NAMES = {"330523": "安吉县", "330825": "龙游县", "330523103": "梅溪镇"}


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def make_division(db):
    def make(code: str = "330523") -> Division:
        level = {6: 3, 9: 4}[len(code)]
        return Division.objects.get_or_create(
            code=code, defaults={"prefix": code, "name": NAMES.get(code, code), "level": level}
        )[0]

    return make


@pytest.fixture
def make_user(make_division):
    def make(role: str = Role.PROGRAMME_OFFICE, division: str = "330523") -> User:
        return User.objects.create(username=f"{role}-{division}", role=role, division=make_division(division))

    return make


@pytest.fixture
def make_value():
    def make(element="film_used", number="440", period="2022", scope="", state=State.NUMBER, note="", unit="t"):
        value = Decimal(number) if state == State.NUMBER else None
        printed = f"{number}{unit}" if value is not None else ""
        return Value(element, scope, period, value, state, unit, printed, "测试（原文第1行）", note=note)

    return make


@pytest.fixture
def approved(make_division, make_value):
    """Make approved figures of a place, as a pack brings them."""

    def make(*values: Value, division: str = "330523") -> None:
        make_division(division)
        services.load_pack_values(division, values or [make_value()], at=NOW)

    return make
