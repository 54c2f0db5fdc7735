"""``python -m benchmarks.contract --minutes 10``: schemathesis against the interface's own OpenAPI document.

It runs the application in this process, on a database of its own that is thrown away, and asks every operation for
what the document allows and for what it forbids. No answer may be a 500, undocumented, of another shape, or a refusal
that does not say what to do. JSON lines: one a failure, then the sum; the exit code says whether there was any.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

CASES = 15  # of one operation in one round


def probe(
    application: Any, address: str, token: str, seconds: float, seed: int = 1, *, stop_at_first: bool = False
) -> tuple[dict[str, str], int]:
    """Ask every operation in turn until the time is over; failures by operation and kind, and how many were asked."""
    import hypothesis
    import schemathesis
    from schemathesis import GenerationMode, checks
    from schemathesis.specs.openapi import checks as openapi_checks

    wanted = [
        checks.not_a_server_error,
        openapi_checks.status_code_conformance,
        openapi_checks.content_type_conformance,
        openapi_checks.response_schema_conformance,
    ]
    document = schemathesis.openapi.from_wsgi(address, application)
    operations = [result.ok() for result in document.get_all_operations()]
    headers = {"Authorization": f"Bearer {token}"}
    failures: dict[str, str] = {}
    asked, until, turn = 0, time.monotonic() + seconds, 0

    def ask(case: Any) -> None:
        nonlocal asked
        if time.monotonic() > until or (stop_at_first and failures):
            return
        asked += 1
        response = case.call(headers=headers)
        try:
            case.validate_response(response, checks=wanted)
            _check_problem(response)
        except (checks.FailureGroup, checks.Failure, AssertionError) as error:
            kinds = getattr(error, "exceptions", None) or [error]
            for kind in kinds:
                label = f"{case.method} {case.path} {type(kind).__name__} {response.status_code}"
                failures.setdefault(label, f"{kind}\n{case.as_curl_command()}\n{response.text[:400]}")

    while time.monotonic() < until:
        for operation in operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                if time.monotonic() > until or (stop_at_first and failures):
                    return failures, asked
                try:
                    _many(ask, operation.as_strategy(generation_mode=mode), hypothesis, seed + turn)
                except hypothesis.errors.Unsatisfiable:
                    continue  # there is nothing wrong that could be sent to an operation without parameters
        turn += 1
    return failures, asked


def _many(ask: Callable[[Any], None], strategy: Any, hypothesis: Any, seed: int) -> None:
    settings = hypothesis.settings(
        max_examples=CASES,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.seed(seed)(settings(hypothesis.given(strategy)(ask)))()


def _check_problem(response: Any) -> None:
    """A refusal is a problem whose every sentence ends and whose every fault says what to do."""
    if response.status_code < 400:
        return
    body = response.json()
    assert body["detail"].endswith(("。", "）", "秒")), f"the detail is no sentence: {body['detail']!r}"
    for fault in body.get("errors", []):
        assert fault["detail"], "a fault without words"


def main() -> None:
    """Run on a database of our own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wufei-contract-") as home:
        os.environ |= {"WUFEI_HOME": home, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "wufei.config.settings"}
        os.environ.setdefault("WUFEI_LOG", "ERROR")
        import django

        django.setup()
        from django.core.wsgi import get_wsgi_application
        from django.utils import timezone

        from wufei.apps.registry.models import Division, User
        from wufei.apps.rest.services import create_token
        from wufei.config.ready import ensure_ready

        ensure_ready()
        division = Division.objects.get(pk="330523")
        User.objects.create_user("contract", password=None, role="programme_office", division=division)
        _, token = create_token(
            username="contract",
            scopes_wanted=["*:read", "*:write"],
            days=1,
            name="",
            actor="console",
            at=timezone.now(),
        )
        failures, asked = probe(
            get_wsgi_application(), "/api/v1/openapi.json", token, options.minutes * 60, options.seed
        )
    for label, told in sorted(failures.items()):
        print(json.dumps({"what": "failure", "label": label, "told": told}, ensure_ascii=False))
    print(json.dumps({"what": "contract", "asked": asked, "failures": len(failures), "minutes": options.minutes}))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
