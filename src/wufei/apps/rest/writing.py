"""What every writing endpoint shares: one transaction, ``Idempotency-Key`` and ``?dry_run=true``.

Put ``@writes`` below the router's line. The work, its facts and the kept answer are committed together or not at all;
what is refused leaves nothing behind, not even its key, so that a corrected request may use the key again.

Invariant: two requests of one person with one key do the work once.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Header, Query
from ninja.operation import Operation
from ninja.utils import contribute_operation_args, contribute_operation_callback

from wufei.apps.registry.models import User
from wufei.apps.rest.models import IdempotencyRecord
from wufei.apps.rest.problems import Problem
from wufei.apps.rest.reference import limits
from wufei.apps.transactions import in_transaction

F = TypeVar("F", bound=Callable[..., Any])
KEY_HELP = "自定的键（如 UUID）。重发同样的请求时带同一个键，只办理一次，答复相同。"
DRY_RUN_HELP = "true：照样检查并给出答复，但什么也不保存、不发出。"


def writes(function: F) -> F:
    """Make an endpoint atomic, repeatable by key and dry-runnable. The function itself knows nothing of it."""

    @wraps(function)
    def endpoint(request: HttpRequest, **values: Any) -> HttpResponse:
        key = values.pop("idempotency_key") or ""
        dry_run = bool(values.pop("dry_run"))
        return perform(request, lambda: function(request, **values), key=key, dry_run=dry_run)

    contribute_operation_args(
        endpoint,
        "idempotency_key",
        cast(type, str | None),
        Header(  # type: ignore[type-arg]  # generic only where types are checked
            None, alias="Idempotency-Key", max_length=limits().idempotency_key_length, description=KEY_HELP
        ),
    )
    contribute_operation_args(endpoint, "dry_run", bool, Query(False, description=DRY_RUN_HELP))  # type: ignore[type-arg]
    contribute_operation_callback(endpoint, _remember_operation)
    return endpoint  # type: ignore[return-value]


def _remember_operation(operation: Operation) -> None:
    """Let the request know the operation that is bound to the API: it alone can render a result."""

    def remembering(run: Callable[..., Any]) -> Callable[..., Any]:
        bound = run.__self__  # type: ignore[attr-defined]

        @wraps(run)
        def running(request: HttpRequest, **values: Any) -> Any:
            request.bound_operation = bound  # type: ignore[attr-defined]
            return run(request, **values)

        return running

    operation.run = remembering(operation.run)  # type: ignore[method-assign]
    operation._run_decorators = [*getattr(operation, "_run_decorators", []), remembering]  # type: ignore[attr-defined]


def perform(request: HttpRequest, work: Callable[[], Any], *, key: str, dry_run: bool) -> HttpResponse:
    """Do ``work`` in one transaction and keep its answer under ``key``; with ``dry_run`` nothing is kept."""
    key = key.strip()
    digest = request_digest(request) if key and not dry_run else ""

    def attempt() -> HttpResponse:
        if digest:
            replay = claim(_user(request), key, digest)
            if replay is not None:
                return replay
        response = render(request, work())
        if response.status_code >= 400 or dry_run:
            transaction.set_rollback(True)
        elif digest:
            keep(_user(request), key, response)
        return response

    response = in_transaction(attempt, whole=True)
    if dry_run:
        response.headers["Dry-Run"] = "true"
    return response


def render(request: HttpRequest, result: Any) -> HttpResponse:
    """The answer that the operation of this request makes of ``result``."""
    operation: Operation = request.bound_operation  # type: ignore[attr-defined]
    temporal = operation.api.create_temporal_response(request)
    response = operation._result_to_response(request, result, temporal)
    assert isinstance(response, HttpResponse), "A writing endpoint answers whole, not as a stream."
    return response


def claim(user: User, key: str, digest: str) -> HttpResponse | None:
    """Take ``key`` for this transaction, or return what was answered to it; another request with it is waited for."""
    table = connection.ops.quote_name(IdempotencyRecord._meta.db_table)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (user_id, key, digest, status, body, content_type, created_at)"  # noqa: S608
            " VALUES (%s, %s, %s, 0, '', '', %s) ON CONFLICT (user_id, key) DO NOTHING",
            [user.pk, key, digest, now],
        )
        if cursor.rowcount == 1:
            return None
    kept = IdempotencyRecord.objects.filter(user=user, key=key).first()
    if kept is None:  # its transaction ended without it in this very moment
        raise Problem("busy")
    if kept.digest != digest:
        at = timezone.localtime(kept.created_at)
        raise Problem(
            "idempotency_key_reused",
            f"幂等键“{key[:40]}”已于 {at:%Y-%m-%d %H:%M} 用于另一请求。内容不同的请求请换一个新的键。",
        )
    return HttpResponse(
        kept.body, status=kept.status, content_type=kept.content_type, headers={"Idempotent-Replayed": "true"}
    )


def keep(user: User, key: str, response: HttpResponse) -> None:
    """Keep the answer under the key that was claimed."""
    IdempotencyRecord.objects.filter(user=user, key=key).update(
        status=response.status_code,
        body=response.content.decode(),
        content_type=response.headers.get("Content-Type", "application/json"),
    )


def request_digest(request: HttpRequest) -> str:
    """What makes a request the same: method, address and content."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":
        for name in sorted(request.POST):
            digest.update(repr((name, request.POST.getlist(name))).encode())
        for name in sorted(request.FILES):
            for file in request.FILES.getlist(name):
                digest.update(repr((name, getattr(file, "name", ""))).encode())
                for chunk in file.chunks():
                    digest.update(chunk)
                file.seek(0)
    else:
        digest.update(request.body)
    return digest.hexdigest()


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "Give the endpoint auth=Bearer(…)."
    return request.user


def is_writing(function: Callable[..., Any]) -> bool:
    """Whether an endpoint is one of ``@writes``."""
    return any(name == "idempotency_key" for name, _, _ in getattr(function, "_ninja_contribute_args", ()))
