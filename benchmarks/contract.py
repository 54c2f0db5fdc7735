"""``python -m benchmarks.contract --minutes 10``: schemathesis against the interface's own OpenAPI document.

It runs the application in this process, on a database of its own that is thrown away, and asks every operation for
what the document allows and for what it forbids, as firms of each kind and as an office, on records that are there.
No answer may be a 500, undocumented, of another shape, take what the document forbids, or refuse without saying what
to do. JSON lines: one a failure, then the sum; the exit code says whether there was any.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.contract_world import World, make_world

CASES = 15  # of one operation in one round
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def probe(
    application: Any, address: str, world: World, seconds: float, seed: int = 1, *, stop_at_first: bool = False
) -> tuple[dict[str, str], dict[str, int]]:
    """Ask every operation in turn until the time is over; failures by operation and kind, and answers by status."""
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
    schemathesis.serializer("application/x-ndjson")(_lines)
    document = schemathesis.openapi.from_wsgi(address, application)
    operations = [result.ok() for result in document.get_all_operations()]
    chance = random.Random(seed)  # noqa: S311 - which of several sound values is sent
    failures: dict[str, str] = {}
    answers: Counter[str] = Counter()
    until, turn = time.monotonic() + seconds, 0

    def ask(case: Any) -> None:
        if time.monotonic() > until or (stop_at_first and failures):
            return
        _aim(case, world, chance)
        who = chance.choice(sorted(world.tokens))
        response = case.call(headers={"Authorization": f"Bearer {world.tokens[who]}"})
        answers[str(response.status_code)] += 1
        try:
            more = [openapi_checks.negative_data_rejection] if _is_to_be_refused(case) else []
            case.validate_response(response, checks=wanted + more)
            _check_problem(response.status_code, response)
        except (checks.FailureGroup, checks.Failure, AssertionError) as error:
            kinds = getattr(error, "exceptions", None) or [error]
            for kind in kinds:
                label = f"{case.method} {case.path} {type(kind).__name__} {response.status_code}"
                failures.setdefault(label, f"{who}: {kind}\n{case.as_curl_command()}\n{response.text[:400]}")

    failures |= unsupported_methods(application, operations, world, chance)
    while time.monotonic() < until:
        for operation in operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                if time.monotonic() > until or (stop_at_first and failures):
                    return failures, dict(answers)
                try:
                    _many(ask, operation.as_strategy(generation_mode=mode), hypothesis, seed + turn)
                except hypothesis.errors.Unsatisfiable:
                    continue  # there is nothing wrong that could be sent to an operation without parameters
        turn += 1
        world.renew()
    return failures, dict(answers)


def _lines(context: Any, value: Any) -> bytes:
    """Lines of JSON: of a list one each, of text as it is."""
    if isinstance(value, str | bytes):
        return value.encode("utf-8", "replace") if isinstance(value, str) else value
    listed = value if isinstance(value, list) else [value]
    return "".join(json.dumps(one, ensure_ascii=True) + "\n" for one in listed).encode()


def _negated(case: Any) -> set[Any]:
    from schemathesis import GenerationMode

    return {place for place, part in case.meta.components.items() if part.mode is GenerationMode.NEGATIVE}


def _is_to_be_refused(case: Any) -> bool:
    """Whether what is wrong with a case reaches the server: the token is ours, and lines are answered one by one."""
    from schemathesis.core.parameters import ParameterLocation

    return ParameterLocation.HEADER not in _negated(case) and case.media_type != "application/x-ndjson"


def _aim(case: Any, world: World, chance: random.Random) -> None:
    """Let a case reach a record that is there and say what means something here; what is wrong on purpose stays."""
    from schemathesis.core.parameters import ParameterLocation

    negated = _negated(case)
    if ParameterLocation.PATH not in negated and chance.random() < 0.85:
        for name in list(case.path_parameters or {}):
            value = world.path_value(case.path, name, chance)
            if value is not None:
                case.path_parameters[name] = value
    if ParameterLocation.BODY not in negated and isinstance(case.body, dict | list):
        bodies = world.bodies.get(f"{case.method} {case.path}")
        case.body = chance.choice(bodies) if bodies and chance.random() < 0.4 else world.filled(case.body, chance)


def unsupported_methods(
    application: Any, operations: Sequence[Any], world: World, chance: random.Random
) -> dict[str, str]:
    """Ask every address by the methods it does not have: 405, and what it has in ``Allow``."""
    from werkzeug.test import Client

    has: dict[str, set[str]] = {}
    for operation in operations:
        has.setdefault(operation.path, set()).add(operation.method.upper())
    failures, client = {}, Client(application)
    for path, known in has.items():
        place = path
        for name in re.findall(r"{(\w+)}", path):
            place = place.replace(f"{{{name}}}", str(world.path_value(path, name, chance) or 1))
        for method in METHODS:
            if method in known:
                continue
            answer = client.open(
                place, method=method, headers={"Authorization": f"Bearer {world.tokens[min(world.tokens)]}"}, json={}
            )
            try:
                assert answer.status_code == 405, f"{answer.status_code} instead of 405"
                told = {word.strip() for word in answer.headers["Allow"].split(",")}
                assert known <= told, f"Allow tells {sorted(told)} of {sorted(known)}"
                assert method not in told, f"Allow tells {method}"
                _check_problem(405, answer)
            except (AssertionError, KeyError) as error:
                failures[f"{method} {path} unsupported"] = f"{error!r}\n{answer.text[:400]}"
    return failures


def _many(ask: Callable[[Any], None], strategy: Any, hypothesis: Any, seed: int) -> None:
    settings = hypothesis.settings(
        max_examples=CASES,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.seed(seed)(settings(hypothesis.given(strategy)(ask)))()


def _check_problem(status: int, response: Any) -> None:
    """A refusal is a problem whose every sentence ends and whose every fault says what to do."""
    if status < 400:
        return
    body = json.loads(response.text)
    assert body["detail"].endswith(("。", "）", "秒")), f"the detail is no sentence: {body['detail']!r}"
    for fault in body.get("errors", []):
        assert fault["detail"], "a fault without words"
        assert fault["remedy"], f"a fault that leaves one helpless: {fault}"


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

        from wufei.config.ready import ensure_ready

        ensure_ready()
        failures, answers = probe(
            get_wsgi_application(), "/api/v1/openapi.json", make_world(), options.minutes * 60, options.seed
        )
    for label, told in sorted(failures.items()):
        print(json.dumps({"what": "failure", "label": label, "told": told}, ensure_ascii=False))
    told = {"what": "contract", "asked": sum(answers.values()), "answers": answers, "failures": len(failures)}
    print(json.dumps(told | {"minutes": options.minutes}))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
