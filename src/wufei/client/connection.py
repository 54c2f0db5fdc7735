"""One call and its repetition: a request is sent again, with the same key, until it is answered for good."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

BASE = "/api/v1/"
AGAIN = frozenset({429, 502, 503, 504})
LONGEST_WAIT_S = 60.0


class ApiProblem(Exception):
    """The server refused. ``code`` says why, ``errors`` lists every fault: pointer, code, detail, remedy."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.title = str(body.get("title", ""))
        self.detail = str(body.get("detail", ""))
        self.errors: list[dict[str, Any]] = list(body.get("errors", []))
        super().__init__(f"{status} {self.code}: {self.detail or self.title}")


class ConnectionFailed(Exception):
    """No answer after all attempts. A write may have been done: send it again with the same ``key``."""

    def __init__(self, message: str, key: str | None) -> None:
        self.key = key
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the value, and whether it is a replay or a dry run."""

    value: Any
    replayed: bool
    dry_run: bool


class Connection:
    """Calls one server with one token."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float = 30.0,
        attempts: int = 5,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.attempts, self.sleep = attempts, sleep
        self.http = httpx.Client(
            base_url=url.rstrip("/") + BASE,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=timeout_s,
            transport=transport,
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        data: object = None,
        lines: bytes | None = None,
        key: str | None = None,
        dry_run: bool = False,
    ) -> Answer:
        """Send one request until it is answered. Raises ``ApiProblem`` or ``ConnectionFailed``."""
        headers: dict[str, str] = {}
        content: bytes | None = lines
        if method != "GET":
            key = key or str(uuid.uuid4())
            headers["Idempotency-Key"] = key
        if lines is not None:
            headers["Content-Type"] = "application/x-ndjson"
        elif data is not None:
            content = json.dumps(data, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        asked = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        if dry_run:
            asked["dry_run"] = "true"
        told = "没有答复"
        for attempt in range(1, self.attempts + 1):
            wait_s = min(2.0 ** (attempt - 1), LONGEST_WAIT_S)
            try:
                response = self.http.request(method, path, params=asked, content=content, headers=headers)
            except httpx.TransportError as error:
                told = f"连不上：{type(error).__name__}"
            else:
                if not self._is_to_be_repeated(response):
                    return self._answer(response)
                told = f"服务器答复 {response.status_code}"
                given = response.headers.get("Retry-After", "")
                wait_s = min(float(given), LONGEST_WAIT_S) if given.isdecimal() else wait_s
                if attempt == self.attempts:
                    return self._answer(response)
            if attempt < self.attempts:
                self.sleep(wait_s)
        raise ConnectionFailed(f"{told}，试了 {self.attempts} 次。请检查网络和网址，再用同一个键重发。", key)

    def _is_to_be_repeated(self, response: httpx.Response) -> bool:
        return response.status_code in AGAIN or (response.status_code == 409 and "Retry-After" in response.headers)

    def _answer(self, response: httpx.Response) -> Answer:
        if response.is_success:
            kind = response.headers.get("Content-Type", "")
            value: Any = None
            if kind.startswith("application/x-ndjson"):
                value = [json.loads(line) for line in response.text.splitlines() if line]
            elif response.content:
                value = response.json()
            return Answer(value, "Idempotent-Replayed" in response.headers, "Dry-Run" in response.headers)
        try:
            body = response.json()
        except ValueError:
            body = {}
        raise ApiProblem(response.status_code, body if isinstance(body, dict) else {})

    def close(self) -> None:
        """Close the connection."""
        self.http.close()
