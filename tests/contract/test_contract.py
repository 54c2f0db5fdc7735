"""The interface keeps to its own OpenAPI document; ``python -m benchmarks.contract --minutes 10`` asks for longer."""

import pytest
from benchmarks.contract import probe
from benchmarks.contract_world import make_world
from django.core.wsgi import get_wsgi_application

SECONDS = 10


@pytest.mark.django_db
@pytest.mark.long
def test_no_answer_is_a_500_or_undocumented_or_leaves_one_helpless():
    failures, answers = probe(get_wsgi_application(), "/api/v1/openapi.json", make_world(), SECONDS)
    assert failures == {}
    assert sum(answers.values()) > 20


@pytest.mark.django_db
def test_the_probe_finds_a_broken_promise(monkeypatch):
    from wufei.apps.rest import api

    monkeypatch.setattr(api, "problem_kinds", lambda: 1 / 0)
    failures, _ = probe(get_wsgi_application(), "/api/v1/openapi.json", make_world(), 60, stop_at_first=True)
    assert any("problems" in label and "ServerError" in label for label in failures)
