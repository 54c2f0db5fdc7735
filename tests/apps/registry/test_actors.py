"""Who did something, in the words of each reader."""

import pytest
from django.contrib.auth.models import AnonymousUser

from wufei.apps.registry.actors import actor_names

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(make_user, make_firm):
    first, second = make_firm(1, name="甲公司"), make_firm(2, name="乙公司")
    return {
        "a": make_user("a", role="generator", organisation=first, display_name="张三"),
        "a2": make_user("a2", role="generator", organisation=first, display_name="李四"),
        "b": make_user("b", role="generator", organisation=second, display_name="王五"),
        "eco": make_user("eco", role="department", department="生态环境分局", display_name="赵科长"),
        "office": make_user("office", display_name="安吉县无废办"),
    }


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        ("a2", ["张三（甲公司）", "乙公司", "安吉县生态环境分局", "安吉县无废办"]),
        ("b", ["甲公司", "王五（乙公司）", "安吉县生态环境分局", "安吉县无废办"]),
        ("office", ["张三（甲公司）", "王五（乙公司）", "赵科长（安吉县生态环境分局）", "安吉县无废办"]),
        (None, ["甲公司", "乙公司", "安吉县生态环境分局", "安吉县无废办"]),
    ],
)
def test_a_firm_is_told_the_names_of_its_own_people_and_an_office_all(people, reader, told):
    names = actor_names(people[reader] if reader else AnonymousUser(), ["a", "b", "eco", "office"])
    assert [names[name] for name in ("a", "b", "eco", "office")] == told


def test_programs_have_a_word_and_it_takes_one_query(people, django_assert_num_queries):
    with django_assert_num_queries(1):
        names = actor_names(people["a"], ["system", "silence", "gone", "a", "b", "eco"])
    assert [names[name] for name in ("system", "silence", "gone")] == ["系统", "期满自动", "gone"]
