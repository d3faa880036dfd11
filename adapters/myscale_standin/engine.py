"""The real, old ClickHouse engines behind the stand-in, each in its own process."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .errors import ServerError
from .lexer import Statement, parse_statement

PACKAGES = {1: "chdb==0.11.5", 2: "chdb==2.1.1"}


def engine_library(generation: int) -> Path:
    """The shared library with the engine of a generation. pip downloads it if it is missing.

    The engines are in $MYSCALE_STANDIN_ENGINES, by default ``~/.cache/myscale_standin/engines``.
    Their wheels are for Python 3.11, but any Python can load the library that is in them.
    """
    package = PACKAGES[generation]
    root = os.environ.get("MYSCALE_STANDIN_ENGINES")
    folder = Path(root) if root else Path.home() / ".cache" / "myscale_standin" / "engines"
    home = folder / f"{package.replace('==', '-')}-cp311"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests in several processes share one download
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            pip = (sys.executable, "-m", "pip", "install", "--quiet", "--target", home)
            wheel = ("--no-deps", "--only-binary=:all:", "--python-version=3.11", package)
            subprocess.run([*pip, *wheel], check=True)
            (home / "ready").touch()
    return next(home.glob("chdb/_chdb*.so"))


@dataclass
class Query:
    """One request: the statement, the URL parameters and the body of an insert.

    The body is as the client sent it, with its Content-Encoding. It is empty when the body was the
    statement.
    """

    statement: Statement
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    encoding: str = ""
    accept_encoding: str = ""
    method: str = "POST"


@dataclass
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Engine(Protocol):
    """What the dialect needs of an engine."""

    version: str

    def start(self) -> None:
        """Start the process on the data folder and wait until it answers."""

    def stop(self) -> None:
        """Kill the process. The data stays until ``close``."""

    def close(self) -> None:
        """Stop, and delete the data."""

    def send(self, query: Query) -> Reply:
        """Run one statement. An engine error comes back as a reply."""

    def rows(self, sql: str, params: Mapping[str, str] | None = None) -> list[list[Any]]:
        """Run a SELECT and return its rows. An engine error is raised as ServerError."""


class EngineProcess:
    """A process with the engine and a data folder. It ends when this process ends."""

    def __init__(self, generation: int) -> None:
        self._library = engine_library(generation)
        self.folder = Path(tempfile.mkdtemp(prefix="myscale-standin-"))
        self._child: subprocess.Popen[bytes] | None = None

    def spawn(self, *arguments: str) -> None:
        script = Path(__file__).with_name("engine_process.py")
        self._log = open(self.folder / "stderr.txt", "ab")  # noqa: SIM115
        self._child = subprocess.Popen(
            [sys.executable, script, self._library, *arguments],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, "CLICKHOUSE_WATCHDOG_ENABLE": "0"},
            cwd=self.folder,
        )

    def stop(self) -> None:
        if self._child:
            self._child.kill()
            self._child.wait()
            if self._child.stdin:
                self._child.stdin.close()
            self._log.close()
            self._child = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def error_of(text: str) -> ServerError:
    """The code and the bare text of an engine's message, which may have two frames."""
    code, bare = 1001, text.strip()
    while match := re.match(r"Code: (\d+)\. DB::\w*Exception: (.*)$", bare, re.DOTALL):
        code, bare = int(match[1]), match[2]
    names = re.findall(r" \(([A-Z_0-9]{4,})\)", bare)
    bare = re.sub(r"(\.? \([A-Z_0-9]{4,}\)| \(version [^)]*\)+)+\.?$", "", bare)
    return ServerError(code, bare.rstrip("."), names[-1] if names else "")


# By default, 16 threads for async_insert wake up a hundred times a second.
_CONFIG = """<clickhouse>
  <logger><level>fatal</level><log>{folder}/server.log</log></logger>
  <listen_host>127.0.0.1</listen_host><http_port>{port}</http_port><tcp_port>{tcp_port}</tcp_port>
  <remote_servers><standin><shard><replica>
    <host>127.0.0.1</host><port>{tcp_port}</port></replica></shard></standin></remote_servers>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
  <user_files_path>{folder}/user_files/</user_files_path>
  <mark_cache_size>67108864</mark_cache_size>
  <async_insert_threads>1</async_insert_threads>
  <merge_tree><max_bytes_to_merge_at_max_space_in_pool>{merge}</max_bytes_to_merge_at_max_space_in_pool>
    <max_bytes_to_merge_at_min_space_in_pool>1</max_bytes_to_merge_at_min_space_in_pool></merge_tree>
  <users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
    <quota>default</quota><access_management>1</access_management></default></users>
  <profiles><default><allow_experimental_analyzer>0</allow_experimental_analyzer>
    <calculate_text_stack_trace>0</calculate_text_stack_trace></default></profiles>
  <quotas><default/></quotas>
</clickhouse>
"""


class ServerEngine(EngineProcess):
    """ClickHouse 24.8 as a real server on a loopback port."""

    version = "24.8.8.1"

    def __init__(self, background_merges: bool) -> None:
        super().__init__(2)
        with (
            socket.create_server(("127.0.0.1", 0)) as http,
            socket.create_server(("127.0.0.1", 0)) as tcp,
        ):
            self._port, tcp_port = http.getsockname()[1], tcp.getsockname()[1]
        merge = 161061273600 if background_merges else 1
        config = _CONFIG.format(folder=self.folder, port=self._port, tcp_port=tcp_port, merge=merge)
        (self.folder / "config.xml").write_text(config)

    def start(self) -> None:
        self.spawn("server", str(self.folder / "config.xml"))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                self.rows("SELECT 1")
                return
            time.sleep(0.05)
        raise TimeoutError((self.folder / "stderr.txt").read_text()[-2000:])

    def send(self, query: Query) -> Reply:
        statement, params = query.statement, dict(query.params)
        headers: dict[str, str] = {}
        text = statement.sql + (statement.data or "")
        body = query.body
        if body:
            params["query"] = text
            headers |= {"Content-Encoding": query.encoding} if query.encoding else {}
        else:
            params.pop("query", None)
            body = text.encode("utf-8", "surrogateescape")
        if query.accept_encoding:
            headers["Accept-Encoding"] = query.accept_encoding
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        try:
            connection.request(query.method, "/?" + urllib.parse.urlencode(params), body, headers)
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                body = re.sub(rb"\(version [^)]*\)+", b"(version %s)" % self.version.encode(), body)
            return Reply(response.status, dict(response.getheaders()), body)
        finally:
            connection.close()

    def rows(self, sql: str, params: Mapping[str, str] | None = None) -> list[list[Any]]:
        given = {**(params or {}), "default_format": "JSONCompact", "session_id": uuid.uuid4().hex}
        given["output_format_json_quote_64bit_integers"] = "0"
        given["http_write_exception_in_output_format"] = "0"
        reply = self.send(Query(parse_statement(sql), given))
        if reply.status != 200:
            raise error_of(reply.body.decode("utf-8", "replace"))
        return list(json.loads(reply.body)["data"])
