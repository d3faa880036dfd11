"""The parts of ClickHouse's HTTP interface that clients of MyScale use, on loopback."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import lz4.frame  # type: ignore[import-untyped]

from .engine import Query, Reply
from .errors import ServerError, http_status
from .lexer import parse_statement
from .lifecycle import Drop, Faults

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_HOP_BY_HOP = {"transfer-encoding", "connection", "keep-alive", "date", "content-length"}


class Front(ThreadingHTTPServer):
    """A listening server. ``answer`` runs a query, ``control`` sets faults for tests."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self,
        port: int,
        tls: ssl.SSLContext | None,
        account: tuple[str, str],
        faults: Faults,
        version: str,
        answer: Callable[[Query], Reply],
        control: Callable[[str, dict[str, Any]], Any],
    ) -> None:
        self.account, self.faults, self.version = account, faults, version
        self.answer, self.control = answer, control
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        self._tls = tls

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnects or refuses the certificate."""

    def run(self) -> None:
        """Serve in a new thread."""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and cut every open connection."""
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            cut(connection)


def cut(connection: socket.socket) -> None:
    """Close a connection in both directions, whatever the client is doing."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        url = urlsplit(self.path)
        params = dict(parse_qsl(url.query, keep_blank_values=True))
        body = self._body()
        try:
            if url.path == "/ping" or (url.path == "/" and not body and "query" not in params):
                self._send(Reply(200, {"Content-Type": "text/html"}, b"Ok.\n"))
            elif url.path.startswith("/_standin/"):
                answer = self.server.control(url.path[10:], json.loads(body or b"{}"))
                self._send(Reply(200, {}, json.dumps(answer).encode()))
            else:
                self._check_account(params)
                self._answer(params, body)
        except ServerError as error:
            text = error.body(self.server.version).encode("utf-8", "surrogateescape")
            headers = {"X-ClickHouse-Exception-Code": str(error.code)}
            self._send(Reply(http_status(error.code), headers, text))

    def _answer(self, params: dict[str, str], body: bytes) -> None:
        query = self._query(params, body)
        drop = self._due_drop(query.statement.sql)
        if drop == "before":
            return self._cut()
        if drop == "during":
            query.body = query.body[: len(query.body) // 2]
            cut_data = (query.statement.data or "")[: len(query.statement.data or "") // 2]
            query.statement = query.statement._replace(data=cut_data or query.statement.data)
        reply = self.server.answer(query)
        if drop:
            return self._cut()
        return self._send(reply)

    def _query(self, params: dict[str, str], body: bytes) -> Query:
        encoding = self.headers.get("Content-Encoding", "")
        if self.headers.get_content_type() == "multipart/form-data":
            params |= self._form(body)
            body = b""
        has_query = "query" in params
        text = params.get("query") or _plain(body, encoding).decode("utf-8", "surrogateescape")
        return Query(
            parse_statement(text),
            params,
            body if has_query else b"",
            encoding if has_query else "",
            self.headers.get("Accept-Encoding", ""),
            self.command,
        )

    def _form(self, body: bytes) -> dict[str, str]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        fields = {}
        for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
            disposition = part["Content-Disposition"].params
            if "filename" in disposition:
                raise ServerError(48, "Not supported by this stand-in: external data")
            fields[str(disposition["name"])] = str(part.get_content())
        return fields

    def _check_account(self, params: dict[str, str]) -> None:
        user = self.headers.get("X-ClickHouse-User") or params.pop("user", "default")
        password = self.headers.get("X-ClickHouse-Key") or params.pop("password", "")
        kind, _, secret = self.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            user, _, password = base64.b64decode(secret).decode().partition(":")
        if (user, password) != self.server.account:
            text = "Authentication failed: password is incorrect, or there is no such user"
            raise ServerError(516, f"{user}: {text}")

    def _due_drop(self, sql: str) -> str:
        for drop in self.server.faults.drops:
            if drop.times and drop.pattern.search(sql):
                drop.times -= 1
                return drop.when
        return ""

    def _cut(self) -> None:
        self.close_connection = True
        cut(self.connection)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)


def _plain(body: bytes, encoding: str) -> bytes:
    """The bytes of a body that contains the statement."""
    if encoding == "gzip":
        return gzip.decompress(body)
    if encoding == "zstd":
        return zstd.decompress(body)
    return lz4.frame.decompress(body) if encoding == "lz4" else body


def drop_of(pattern: str, when: str, times: int) -> Drop:
    """A fault for ``Faults.drops``. Raises ValueError for any other ``when``."""
    if when not in ("before", "during", "after"):
        raise ValueError(f"when must be before, during or after. Got: {when}")
    return Drop(re.compile(pattern, re.IGNORECASE | re.DOTALL), when, times)
