"""Many items in one request as lines of JSON (``application/x-ndjson``): each line is one item, answered by one.

``answer_lines``: lines are committed in groups, each line on its own savepoint: one that is refused leaves the
others. With ``all_or_nothing`` one refused line refuses all, with the faults of every line. With ``Idempotency-Key``
each line has the key ``<key>#<line>``, so a request that broke off is sent again whole and goes on where it stopped.

``read_lines``: an endpoint of ``@writes`` takes its lines whole or not at all, and answers with one sum.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar

from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import BaseModel, Field, ValidationError

from wufei.apps.registry.models import User
from wufei.apps.rest import problems
from wufei.apps.rest.parsing import parse
from wufei.apps.rest.problems import MOST_FAULTS, Fault, Problem
from wufei.apps.rest.reference import limits
from wufei.apps.rest.writing import DRY_RUN_HELP, claim, keep
from wufei.apps.transactions import in_transaction

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/x-ndjson"
GROUP = 50  # lines of one commit
S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")
Line = dict[str, Any]  # line, status, and result or problem


class BulkQuery(Schema):
    """What a sender asks of a bulk request; take it as ``asked: Query[BulkQuery]``."""

    all_or_nothing: bool = Field(False, description="true：有一行不行就全部不办。")
    dry_run: bool = Field(False, description=DRY_RUN_HELP)


def bulk_extra(item: type[BaseModel], result: type[BaseModel]) -> dict[str, Any]:
    """``openapi_extra`` of a bulk endpoint whose lines are ``item`` and whose answers hold ``result``."""
    link = {"$ref": f"#/components/schemas/{result.__name__}"}
    line = {
        "type": "object",
        "required": ["line", "status"],
        "properties": {
            "line": {"type": "integer"},
            "status": {"type": "integer"},
            "result": link,
            "problem": {"$ref": "#/components/schemas/ProblemOut"},
        },
    }
    return {
        "parameters": [
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": False,
                "schema": {"type": "string", "maxLength": 200},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{item.__name__}"}}},
        },
        "responses": {200: {"description": "每行一个答复", "content": {MEDIA_TYPE: {"schema": line}}}},
    }


def answer_lines(
    request: HttpRequest, asked: BulkQuery, item: type[S], work: Callable[[S], BaseModel | dict[str, Any]]
) -> HttpResponseBase:
    """Do ``work`` for every line of the request; ``work`` may run more than once for a line (deadlocks)."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > limits().idempotency_key_length:
        told = f"最多 {limits().idempotency_key_length} 个字符。"
        raise Problem(
            "invalid", errors=[problems.fault("", "string_too_long", told, "请缩短。", parameter="Idempotency-Key")]
        )
    run = _Run(request, item, work, "" if asked.dry_run else key, dry_run=asked.dry_run)
    lines = _lines_of(request)
    headers = {"Dry-Run": "true"} if asked.dry_run else {}
    if asked.all_or_nothing:
        done = run.group(lines, whole=True)
        faults = [fault for line in done for fault in _faults_of(line)]
        if faults:
            told = f"{len(faults)} 处问题，一行也没有办。请全部改正后再发。"
            raise Problem("refused", told, errors=faults[:MOST_FAULTS])
        return HttpResponse(_text(done), content_type=MEDIA_TYPE, headers=headers)
    stream = (_text(run.group(group)) for group in _groups(lines))
    return StreamingHttpResponse(stream, content_type=MEDIA_TYPE, headers=headers)


def read_lines(
    request: HttpRequest, read: Callable[[object], T], *, most: int, most_bytes: int = 0
) -> list[tuple[int, T]]:
    """What ``read`` makes of each line that is not blank, with its number, for a request that is done whole or not.

    Args:
        read: may raise ``ValidationError``.
        most: lines at most.
        most_bytes: of the whole body; 0 is the limit of any other body.

    Raises:
        Problem: the faults of all lines, the first ``MOST_FAULTS``.
    """
    if request.content_type != MEDIA_TYPE:
        raise Problem("unsupported_type")
    most_bytes = most_bytes or limits().body_bytes
    if len(request.body) > most_bytes:
        raise Problem("too_large", f"内容超过 {most_bytes // 1024**2} MB。请拆成几次发送。")
    done: list[tuple[int, T]] = []
    faults: list[Fault] = []
    lines = [(number, line) for number, line in enumerate(request.body.split(b"\n"), 1) if line.strip()]
    if len(lines) > most:
        raise Problem("too_large", f"内容有 {len(lines)} 行，最多 {most} 行。请拆成几次发送。")
    for number, line in lines:
        value: object = None
        try:
            value = parse(line)
            done.append((number, read(value)))
        except Problem as problem:
            faults += _faults_of(_refused(number, problem))
        except ValidationError as error:
            faults += _faults_of(_refused(number, _invalid(error, value)))
        if len(faults) >= MOST_FAULTS:
            break
    if faults:
        first, more = faults[0], len(faults) - 1
        told = f"第 {first['line']} 行：{first['detail']}{first['remedy']}" + (
            f"（另有 {more} 处问题）" if more else ""
        )
        raise Problem("invalid", told, errors=faults[:MOST_FAULTS])
    if not done:
        raise Problem("bad_json", "内容里一行也没有。请每行写一个 JSON 对象。")
    return done


def whole_extra(item: type[BaseModel] | dict[str, Any], most: int) -> dict[str, Any]:
    """``openapi_extra`` of an endpoint of ``read_lines`` whose lines are ``item``, a model or a schema of its own."""
    schema = item if isinstance(item, dict) else {"$ref": f"#/components/schemas/{item.__name__}"}
    told = f"JSON Lines：每行一项，与单独办理一项时的内容相同；最多 {most} 行，全部办理或全部不办。"
    return {"requestBody": {"required": True, "description": told, "content": {MEDIA_TYPE: {"schema": schema}}}}


class _Run:
    """One bulk request under way."""

    def __init__(
        self, request: HttpRequest, item: type[BaseModel], work: Callable[..., Any], key: str, *, dry_run: bool
    ) -> None:
        assert isinstance(request.user, User), "Give the endpoint auth=Bearer(…)."
        self.user, self.item, self.work, self.key, self.dry_run = request.user, item, work, key, dry_run

    def group(self, lines: Iterable[tuple[int, bytes]], *, whole: bool = False) -> list[Line]:
        """The answers to some lines, committed together; with ``whole`` only where none is refused."""
        held = list(lines)

        def attempt() -> list[Line]:
            done, faults = [], 0
            for number, raw in held:
                done.append(self._line(number, raw))
                faults += whole and len(_faults_of(done[-1]))
                if faults >= MOST_FAULTS:
                    break
            if self.dry_run or (whole and any(line["status"] >= 400 for line in done)):
                transaction.set_rollback(True)
            return done

        try:
            return in_transaction(attempt)
        except OperationalError as error:
            log.error("503 in a bulk request: %s", error)
            return [_refused(number, Problem("unavailable")) for number, _ in held]

    def _line(self, number: int, raw: bytes) -> Line:
        try:
            with transaction.atomic():
                return self._done(number, raw)
        except OperationalError:
            raise  # the transaction begins anew, or all of its lines are not to be had
        except ValidationError as error:
            return _refused(number, _invalid(error, parse(raw)))
        except Exception as error:  # noqa: BLE001 - our own mistake in one line is logged and leaves the others
            problem = problems.of_exception(error)
            if problem is None:
                log.error("500 in line %s of a bulk request", number, exc_info=error)
                problem = Problem("server_error")
            return _refused(number, problem)

    def _done(self, number: int, raw: bytes) -> Line:
        key = f"{self.key}#{number}" if self.key else ""
        if key:
            kept = claim(self.user, key, hashlib.sha256(b"line " + raw).hexdigest())
            if kept is not None:
                again: Line = json.loads(kept.content)
                return again | {"line": number, "replayed": True}
        result = self.work(self.item.model_validate(parse(raw)))
        told = result.model_dump(mode="json") if isinstance(result, BaseModel) else result
        line: Line = {"line": number, "status": 201, "result": told}
        if key:
            keep(self.user, key, HttpResponse(json.dumps(line, default=str), content_type="application/json"))
        return line


def _lines_of(request: HttpRequest) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; the whole body is received before the first is worked on."""
    if request.content_type != MEDIA_TYPE:
        raise Problem("unsupported_type")
    spool = SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115 - closed with its last line
    try:
        _receive(request, spool)
    except BaseException:
        spool.close()
        raise
    return _numbered(spool)


def _receive(request: HttpRequest, spool: IO[bytes]) -> None:
    size = 0
    try:
        while chunk := request.read(64 * 1024):
            size += len(chunk)
            if size > limits().bulk_bytes:
                most = limits().bulk_bytes // 1024**2
                raise Problem("too_large", f"内容超过 {most} MB。请拆成几次发送。")
            spool.write(chunk)
    except UnreadablePostError:
        raise Problem("bad_request") from None
    spool.seek(0)
    count = sum(1 for line in spool if line.strip())
    if count > limits().bulk_lines:
        raise Problem("too_large", f"内容有 {count} 行，最多 {limits().bulk_lines} 行。请拆成几次发送。")
    spool.seek(0)


def _numbered(spool: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    with spool:
        for number, line in enumerate(spool, 1):
            if line.strip():
                yield number, line.strip()


def _groups(lines: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    while group := list(islice(lines, GROUP)):
        yield group


def _invalid(error: ValidationError, body: object) -> Problem:
    entries = error.errors(include_url=False)[:MOST_FAULTS]
    faults = [problems.pydantic_fault(entry, problems.pointer_of(entry["loc"], body)) for entry in entries]
    return Problem("invalid", f"{faults[0]['detail']}{faults[0]['remedy']}", errors=faults)


def _refused(number: int, problem: Problem) -> Line:
    return {"line": number, "status": problem.kind.status, "problem": json.loads(problems.answer(problem).content)}


def _faults_of(line: Line) -> list[Fault]:
    if line["status"] < 400:
        return []
    problem = line["problem"]
    what, _, remedy = problem["detail"].partition("。")
    whole = problems.fault("", problem["code"], f"{what}。", remedy or "请改正这一行。")
    return [fault | {"line": line["line"]} for fault in problem.get("errors") or [whole]]


def _text(lines: list[Line]) -> bytes:
    return "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines).encode(
        "utf-8", "replace"
    )
