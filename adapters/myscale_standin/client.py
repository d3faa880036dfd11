"""A bare HTTP client for tests, so that no library changes what goes over the wire."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .standin import MyScaleStandIn


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. ``code`` is the exception code, or 0 for success."""

    status: int
    code: int
    text: str
    headers: dict[str, str]


class Client:
    """Sends statements to ``database`` of a stand-in, each over a new connection."""

    def __init__(self, standin: MyScaleStandIn) -> None:
        self.standin = standin
        self.database = ""
        self._tls = (
            ssl.create_default_context(cafile=str(standin.ca_certificate))
            if standin.url.startswith("https")
            else None
        )

    def post(self, sql: str | bytes, **params: Any) -> Answer:
        """Send a statement with these URL parameters (settings, database, param_x, …)."""
        given = {"database": self.database, **params} if self.database else params
        return self.request("POST", "/?" + urlencode(given), sql)

    def request(
        self, method: str, path: str, body: str | bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """Send any request, with the account and password of the stand-in."""
        host, port = self.standin.host, self.standin.port
        connection = (
            http.client.HTTPSConnection(host, port, context=self._tls)
            if self._tls
            else http.client.HTTPConnection(host, port)
        )
        account = {
            "X-ClickHouse-User": self.standin.user,
            "X-ClickHouse-Key": self.standin.password,
        }
        raw = body.encode() if isinstance(body, str) else body
        try:
            connection.request(method, path, raw, {**account, **(headers or {})})
            reply = connection.getresponse()
            text = reply.read().decode("utf-8", "replace")
        finally:
            connection.close()
        code = int(reply.headers.get("X-ClickHouse-Exception-Code", "0"))
        return Answer(reply.status, code, text, dict(reply.getheaders()))

    def run(self, sql: str, **params: Any) -> None:
        """Run a statement that must succeed."""
        answer = self.post(sql, **params)
        assert answer.status == 200, answer.text

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        """The rows of a SELECT that must succeed."""
        answer = self.post(sql, **params, default_format="JSONCompactEachRow")
        assert answer.status == 200, answer.text
        return [
            tuple(tuple(cell) if isinstance(cell, list) else cell for cell in json.loads(line))
            for line in answer.text.splitlines()
        ]

    def error(self, sql: str, **params: Any) -> Answer:
        """The answer to a statement that must fail."""
        answer = self.post(sql, **params)
        assert answer.code, f"no error but {answer.text!r}"
        return answer
