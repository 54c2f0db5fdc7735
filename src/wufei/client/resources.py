"""The nouns of the interface, with its own names."""

import base64
import builtins
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from wufei.client.connection import Answer, Connection

Row = dict[str, Any]


class Resource:
    """One noun: ``client.weighings.create({...})``."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self.name = connection, name

    def list(self, *, updated_since: datetime | None = None, limit: int = 200, **query: Any) -> Iterator[Row]:
        """All rows, page by page, in the order of their last change."""
        if updated_since is not None:
            assert updated_since.tzinfo is not None, "updated_since needs its time zone"
            query["updated_since"] = updated_since.isoformat()
        cursor: str | None = ""
        while cursor is not None:
            page = self._connection.call(
                "GET", f"{self.name}/", query=query | {"limit": limit, "cursor": cursor}
            ).value
            yield from page["items"]
            cursor = page["next"]

    def get(self, key: str | int) -> Row:
        """One record."""
        return self._get(self._path(key))

    def create(self, data: Mapping[str, Any], *, key: str | None = None, dry_run: bool = False) -> Row:
        """Make a record; ``key`` is the idempotency key, made up where it is not given."""
        return self._post(f"{self.name}/", data, key, dry_run)

    def create_many(
        self, items: Iterable[Mapping[str, Any]], *, key: str | None = None, all_or_nothing: bool = False
    ) -> builtins.list[Row]:
        """Make many records by lines of JSON; an answer for each line, or a problem for all (scans)."""
        query = {"all_or_nothing": "true"} if all_or_nothing else {}
        rows: builtins.list[Row] = self._lines(items, key, query).value
        return rows

    def create_all(
        self, items: Iterable[Mapping[str, Any]], *, key: str | None = None, dry_run: bool = False, **query: Any
    ) -> Row:
        """Make many records by lines of JSON, all or none; the sum of what was made (manifests, weighings)."""
        row: Row = self._lines(items, key, query, dry_run).value
        return row

    def _lines(
        self, items: Iterable[Mapping[str, Any]], key: str | None, query: Mapping[str, Any], dry_run: bool = False
    ) -> Answer:
        lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()
        asked = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        return self._connection.call(
            "POST", f"{self.name}/lines/", lines=lines, key=key, query=asked, dry_run=dry_run
        )

    def _patch(self, path: str, data: Mapping[str, Any], key: str | None) -> Row:
        row: Row = self._connection.call("PATCH", path, data=data, key=key).value
        return row

    def _path(self, key: str | int, *more: str) -> str:
        return "/".join([self.name, quote(str(key), safe=""), *more, ""])

    def _get(self, path: str) -> Row:
        row: Row = self._connection.call("GET", path).value
        return row

    def _post(self, path: str, data: Mapping[str, Any], key: str | None, dry_run: bool) -> Row:
        row: Row = self._connection.call("POST", path, data=data, key=key, dry_run=dry_run).value
        return row


class Manifests(Resource):
    """Transfer manifests (转移联单)."""

    def event(
        self,
        number: str,
        event: str,
        data: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        dry_run: bool = False,
    ) -> Row:
        """Take one step of a manifest's life: submit, depart, hand_over, arrive, confirm, refuse, void, amend."""
        return self._post(self._path(number, event), data or {}, key, dry_run)

    def versions(self, number: str) -> builtins.list[Row]:
        """Every version of a manifest, the oldest first: what made it, and the hash of its document."""
        rows: builtins.list[Row] = self._connection.call("GET", self._path(number, "versions")).value
        return rows

    def version(self, number: str, sequence: int) -> Row:
        """One version: its document, and what differs from the one before."""
        return self._get(self._path(number, "versions", str(sequence)))

    def check(self, document: Mapping[str, Any]) -> Row:
        """What stands against a document that is not drawn up: findings with stage, pointer and who can cure it."""
        return self._post(f"{self.name}/check/", document, None, False)

    def update(self, number: str, data: Mapping[str, Any], *, key: str | None = None) -> Row:
        """Change what no signature has sealed yet; lists are merged place by place."""
        return self._patch(self._path(number), data, key)

    def keep_file(self, name: str, content: bytes) -> Row:
        """Hand in a file (PDF, JPG, PNG); its ``digest`` goes into a field of the document."""
        data = {"name": name, "content": base64.b64encode(content).decode()}
        return self._post(f"{self.name}/files/", data, None, False)

    def fields(self, profile: str) -> builtins.list[Row]:
        """The fields of a profile: what each stage requires, and from which signature on it is sealed."""
        rows: builtins.list[Row] = self._connection.call("GET", self._path("fields", profile)).value
        return rows


class ManifestTemplates(Resource):
    """Manifest templates (联单模板): ``create({"name": …, "document": {…}})`` or ``"manifest": "2026…"``."""

    def update(self, key: int, data: Mapping[str, Any], *, idempotency_key: str | None = None) -> Row:
        """Change the name or the document of a template."""
        return self._patch(self._path(key), data, idempotency_key)

    def delete(self, key: int) -> None:
        """Take a template away."""
        self._connection.call("DELETE", self._path(key))

    def manifest(
        self,
        key: int,
        data: Mapping[str, Any] | None = None,
        *,
        submit: bool = False,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Row:
        """Draw up a manifest: the template with ``data`` (masses, plates …) laid over it; with ``submit`` signed."""
        query = {"submit": "true"} if submit else {}
        path = self._path(key, "manifest")
        answer = self._connection.call(
            "POST", path, data=data or {}, query=query, key=idempotency_key, dry_run=dry_run
        )
        row: Row = answer.value
        return row


class Amendments(Resource):
    """Requests to change what was signed (更正申请); ``create`` asks for one."""

    def answer(self, key: int, choice: str, *, comment: str = "") -> Row:
        """Say ``agree`` or ``reject``."""
        return self._post(self._path(key, "answer"), {"choice": choice, "comment": comment}, None, False)

    def withdraw(self, key: int) -> Row:
        """Take back what one asked for."""
        return self._post(self._path(key, "withdraw"), {}, None, False)

    def decide(self, key: int, choice: str, *, comment: str = "") -> Row:
        """As the office, say ``agree`` or ``reject`` where nobody has answered."""
        return self._post(self._path(key, "decide"), {"choice": choice, "comment": comment}, None, False)


class Corrections(Resource):
    """An office's requests to correct a document (更正要求); ``create`` asks for one."""

    def answer(self, key: int, answer: str) -> Row:
        """As the firm, say what was done."""
        return self._post(self._path(key, "answer"), {"answer": answer}, None, False)

    def close(self, key: int, status: str) -> Row:
        """As the office, go on with it: ``done``, ``open`` (again) or ``withdrawn``."""
        return self._post(self._path(key, "close"), {"status": status}, None, False)


class Declarations(Resource):
    """Periodic declarations (定期申报); ``create`` generates one from the books."""

    def confirm(self, key: int, *, note: str = "") -> Row:
        """As the firm, stand by it; ``note`` answers the findings."""
        return self._post(self._path(key, "confirm"), {"note": note}, None, False)

    def correct(self, key: int, reason: str) -> Row:
        """Generate a confirmed one anew."""
        return self._post(self._path(key, "correct"), {"reason": reason}, None, False)


class Book(Resource):
    """Entries of the record books (管理台账); ``create({"site": …, "table": …, "values": {…}})``."""

    def tables(self) -> builtins.list[Row]:
        """The tables of all books with their fields."""
        rows: builtins.list[Row] = self._connection.call("GET", f"{self.name}/tables/").value
        return rows

    def reverse(self, key: int, reason: str, *, idempotency_key: str | None = None) -> Row:
        """Take an entry and its movements back; it stays and is marked."""
        return self._post(self._path(key, "reverse"), {"reason": reason}, idempotency_key, False)


class Plans(Resource):
    """Management plans of hazardous waste (管理计划)."""

    def update(self, key: int, data: Mapping[str, Any], *, idempotency_key: str | None = None) -> Row:
        """Change the tables of a draft."""
        return self._patch(self._path(key), data, idempotency_key)

    def file(self, key: int) -> Row:
        """File it (备案)."""
        return self._post(self._path(key, "file"), {}, None, False)


class Contracts(Resource):
    """Contracts between generator and facility (委托合同)."""

    def end(self, key: int, *, on: date, reason: str) -> Row:
        """End one early; ``on`` is its last day."""
        return self._post(self._path(key, "end"), {"on": on.isoformat(), "reason": reason}, None, False)


class HandlingPlans(Resource):
    """Handling plans of building sites (建筑垃圾处理方案)."""

    def decide(self, key: int, decision: str, *, reason: str = "") -> Row:
        """As the office, ``approve`` or ``return`` one; a return needs its reason."""
        return self._post(self._path(key, "decide"), {"decision": decision, "reason": reason}, None, False)


class Signatures(Resource):
    """Signatures of a document (签名): ``client.signatures.list(subject="manifest:…")``."""

    def issue_code(self, subject: str, slot: str, event: str, **more: Any) -> Row:
        """A one-time code for a party without account; ``more``: party_name, phone, payload."""
        asked = {"subject": subject, "slot": slot, "event": event, **more}
        return self._post(f"{self.name}/codes/", asked, None, False)

    def code(self, key: int) -> Row:
        """How a one-time code stands: waiting, used or dead."""
        return self._get(self._path("codes", str(key)))

    def delegations(self) -> Iterator[Row]:
        """Who may sign for whom."""
        yield from Resource(self._connection, f"{self.name}/delegations").list()


class Trips(Resource):
    """Rounds on which one vehicle collects from many (收运车次); each stop makes its manifest."""

    def event(self, number: str, event: str, data: Mapping[str, Any] | None = None, *, key: str | None = None) -> Row:
        """Take one step: start, arrive, confirm, finish, cancel."""
        return self._post(self._path(number, event), data or {}, key, False)

    def visit(self, number: str, position: int, data: Mapping[str, Any], *, key: str | None = None) -> Row:
        """Collect at a stop."""
        return self._post(self._path(number, "stops", str(position), "visit"), data, key, False)

    def skip(self, number: str, position: int, reason: str, *, key: str | None = None) -> Row:
        """Nothing was collected at a stop, and why."""
        return self._post(self._path(number, "stops", str(position), "skip"), {"reason": reason}, key, False)


class Transfers(Resource):
    """Transfers across the province (跨省转移); ``create`` applies, masses are grams."""

    def event(
        self, key: int, event: str, *, on: str | None = None, note: str = "", idempotency_key: str | None = None
    ) -> Row:
        """Take one step: request_completion, complete, accept, first_review, reply, withdraw, revoke."""
        return self._post(self._path(key, event), {"on": on, "note": note}, idempotency_key, False)

    def decide(
        self, key: int, data: Mapping[str, Any], *, idempotency_key: str | None = None, dry_run: bool = False
    ) -> Row:
        """Record the decision: ``{"decision": "grant", "number": …, "granted": [{"id": 1, "granted_g": 5}]}``."""
        return self._post(self._path(key, "decide"), data, idempotency_key, dry_run)


class Packages(Resource):
    """Packages and their codes (包装、编码)."""

    def trace(self, code: str, *, way: str = "") -> Row:
        """Where the mass of a package went (``down``, the default) or came from (``up``)."""
        row: Row = self._connection.call("GET", self._path(code, "trace"), query={"way": way}).value
        return row

    def act(
        self, code: str, action: str, data: Mapping[str, Any], *, key: str | None = None, dry_run: bool = False
    ) -> Row:
        """Do something with a package: nest, unnest, weigh, store, split, merge, retire, void."""
        return self._post(self._path(code, action), data, key, dry_run)


class Webhooks(Resource):
    """Addresses for news (推送地址)."""

    def replay(self, webhook_id: int, *, after: int) -> Row:
        """Send everything behind a number once more."""
        return self._post(self._path(webhook_id, "replay"), {"after": after}, None, False)

    def delete(self, webhook_id: int) -> None:
        """Remove an address."""
        self._connection.call("DELETE", self._path(webhook_id))


class Client:
    """A server, one token, and its nouns. Options go to ``Connection``: timeout_s, attempts, transport, sleep."""

    def __init__(self, url: str, token: str, **options: Any) -> None:
        self._connection = Connection(url, token, **options)
        self.manifests = Manifests(self._connection, "manifests")
        self.manifest_templates = ManifestTemplates(self._connection, "manifest-templates")
        self.amendments = Amendments(self._connection, "amendments")
        self.corrections = Corrections(self._connection, "corrections")
        self.signatures = Signatures(self._connection, "signatures")
        self.trips = Trips(self._connection, "trips")
        self.transfers = Transfers(self._connection, "transfers")
        self.packages = Packages(self._connection, "packages")
        self.scans = Resource(self._connection, "scans")
        self.weighings = Resource(self._connection, "weighings")
        self.declarations = Declarations(self._connection, "declarations")
        self.book = Book(self._connection, "declarations/book")
        self.plans = Plans(self._connection, "declarations/plans")
        self.contracts = Contracts(self._connection, "declarations/contracts")
        self.handling_plans = HandlingPlans(self._connection, "declarations/handling-plans")
        self.webhooks = Webhooks(self._connection, "webhooks")

    def me(self) -> Row:
        """Who calls, with which scopes, until when."""
        row: Row = self._connection.call("GET", "me/").value
        return row

    def resource(self, name: str) -> Resource:
        """A noun that has no name of its own here."""
        return Resource(self._connection, name)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
