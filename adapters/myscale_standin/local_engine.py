"""Generation 1: clickhouse-local 23.6, with what makes it a server.

clickhouse-local opens the data folder for every query, and chdb gives it no background threads. So
these statements are rewritten. All others run unchanged.

- The settings, parameters and database of a request become ``SET`` and ``USE`` statements.
- The data of an INSERT goes through a file (``FROM INFILE``), in its own format.
- DELETE FROM, ALTER … DELETE and TRUNCATE would never finish, because nothing runs mutations. The
  remaining rows are copied, part by part, into a new table, which replaces the old one.
- A temporary table is an ordinary table in a database of its session.
- normalizeUTF8NFKC and …NFKD are scripts. MyScale has these functions, and chdb 0.11 has not.
- A statement that would hang, or that a reopened folder would lose, is refused (48).
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import sys
import threading
import uuid
from collections.abc import Iterable, Mapping
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from .engine import EngineProcess, Query, Reply, error_of
from .errors import ServerError, http_status
from .lexer import Reader, Statement, Table, insert_format, parse_statement, split

# URL parameters of the HTTP interface that are not settings.
_NOT_SETTINGS = {
    "query", "database", "session_id", "session_timeout", "session_check", "query_id", "user",
    "password", "quota_key", "role", "default_format", "compress", "decompress", "stacktrace",
    "wait_end_of_query", "buffer_size", "client_protocol_version",
}  # fmt: skip
_NEEDS_BACKGROUND_THREADS = {
    ("ALTER", "TABLE"): (
        ("DROP", "COLUMN"), ("RENAME", "COLUMN"), ("MODIFY", "COLUMN"), ("CLEAR", "COLUMN"),
        ("MATERIALIZE",), ("REPLACE", "PARTITION"), ("UPDATE",),
    ),
    ("DETACH",): ((),),
    ("ATTACH",): ((),),
}  # fmt: skip


class Move(NamedTuple):
    """A table that a rewrite has rebuilt: its UUIDs, and the old part of each new part."""

    old_uuid: str
    new_uuid: str
    parts: dict[str, str]


class LocalEngine(EngineProcess):
    """ClickHouse 23.6. It runs one query at a time, each in about 30 ms."""

    version = "23.3.2.1"

    def __init__(self) -> None:
        super().__init__(1)
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._sessions: dict[str, dict[str, str]] = {}
        self._temporary: dict[str, set[str]] = {}
        self.moves: list[Move] = []

    def start(self) -> None:
        address = str(self.folder / "socket")
        with Listener(address) as listener:
            config = _write_functions(self.folder)
            self.spawn("local", str(self.folder / "data"), str(config), address)
            self._connection = listener.accept()
        self._sessions.clear()
        self._run("CREATE DATABASE IF NOT EXISTS default ENGINE = Atomic")

    def stop(self) -> None:
        super().stop()
        if self._connection:
            self._connection.close()

    # ------------------------------------------------------------ one request

    def send(self, query: Query) -> Reply:
        headers = {
            "X-ClickHouse-Query-Id": query.params.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Server-Display-Name": "standin",
            "X-ClickHouse-Summary": json.dumps({"read_rows": "0", "written_rows": "0"}),
            "Content-Type": "text/tab-separated-values; charset=UTF-8",
        }
        try:
            with self._lock:
                output = self._answer(query)
        except ServerError as error:
            headers["X-ClickHouse-Exception-Code"] = str(error.code)
            body = error.body(self.version).encode("utf-8", "surrogateescape")
            return Reply(http_status(error.code), headers, body)
        if output is None:
            return Reply(200, headers, b"")
        headers["X-ClickHouse-Format"] = output_format(query)
        headers["X-ClickHouse-Timezone"] = "UTC"
        if query.params.get("enable_http_compression") == "1" and "gzip" in query.accept_encoding:
            headers["Content-Encoding"] = "gzip"
            output = gzip.compress(output, 1)
        return Reply(200, headers, output)

    def rows(self, sql: str, params: Mapping[str, str] | None = None) -> list[list[Any]]:
        given = {**(params or {}), "output_format_json_quote_64bit_integers": "0"}
        given["default_format"] = "JSONCompact"
        with self._lock:
            output = self._answer(Query(parse_statement(sql), given))
        return list(json.loads(output or b'{"data": []}')["data"])

    def _answer(self, query: Query) -> bytes | None:
        session = query.params.get("session_id", "")
        statement = self._with_temporary_tables(query.statement, session)
        writes = statement.verb not in ("SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS")
        if query.method == "GET" and writes and statement.verb != "EXPLAIN":
            raise ServerError(164, "Cannot execute query in readonly mode")
        _refuse_what_hangs(statement)
        settings = self._sessions.get(session, {})
        context = context_of({**settings, **query.params})
        if rows_to_drop := _rows_to_drop(statement):
            self._drop_rows(context, *rows_to_drop)
            return None
        if insert_format(statement) is not None:
            statement = self._data_in_file(query, statement)
        output: bytes | None = self._run(statement.sql, context, output_format(query))
        if session and statement.verb in ("SET", "USE"):
            self._sessions[session] = settings | _session_change(statement)
        return output

    def _run(self, sql: str, context: str = "", default_format: str = "TabSeparated") -> Any:
        assert self._connection
        try:
            self._connection.send((default_format, context + sql))
            output, error = self._connection.recv()
        except (EOFError, OSError) as gone:
            raise ServerError(210, f"The engine process ended: {gone}") from gone
        if error:
            raise error_of(error)
        return output

    # ------------------------------------------------------------ rewrites

    def _data_in_file(self, query: Query, statement: Statement) -> Statement:
        """Replace ``INSERT INTO t (…) FORMAT x`` and its data with ``FROM INFILE … FORMAT x``."""
        data = query.body
        if not data:
            inline = re.sub(r"\A[ \t\f]*;?[ \t\f]*\r?\n?", "", statement.data or "")
            data = inline.encode("utf-8", "surrogateescape")
        path = self.folder / "insert.data"
        path.write_bytes(data)
        compression = {"": "none", "gzip": "gzip", "zstd": "zstd", "lz4": "lz4", "br": "br"}
        read = Reader(statement.tokens)
        read.expect("INSERT", "INTO")
        read.take("TABLE")
        read.table()
        if (bracket := read.peek()) and bracket.text == "(":
            read.brackets()
        at = read.skip()
        source = f"FROM INFILE '{path}' COMPRESSION '{compression[query.encoding]}' "
        end = "FORMAT Values" if statement.tokens[-1].upper == "VALUES" else None
        edits = [(at.start, at.start, source)]
        if end:
            last = statement.tokens[-1]
            edits = [(at.start, last.end, source + statement.sql[at.start : last.start] + end)]
        return statement.replaced(edits)

    def _drop_rows(self, context: str, table: Table, condition: str) -> None:
        """Copy the remaining rows part by part, which keeps the parts, and exchange the tables."""
        database = f"'{table.database}'" if table.database else "currentDatabase()"
        where = f"WHERE database = {database} AND name = '{table.name}'"
        uuids = f"SELECT database, toString(uuid) FROM system.tables {where} FORMAT JSONCompact"
        described = json.loads(self._run(uuids, context))["data"]
        if not described:
            raise ServerError(60, f"Table {table.database or 'default'}.{table.name} doesn't exist")
        database, old_uuid = described[0]
        old, new = f"`{database}`.`{table.name}`", f"`{database}`.`{table.name}__standin_rows`"
        self._run(f"DROP TABLE IF EXISTS {new}")
        self._run(f"CREATE TABLE {new} AS {old}")
        origin: dict[str, str] = {}
        for part in self._parts(old):
            kept = f"_part = '{part}' AND NOT ifNull({condition}, 0)"
            self._run(f"INSERT INTO {new} SELECT * FROM {old} WHERE {kept}", context)
            origin |= {copy: part for copy in self._parts(new) if copy not in origin}
        self._run(f"EXCHANGE TABLES {old} AND {new}")
        self._run(f"DROP TABLE {new}")
        new_uuid = json.loads(self._run(uuids, context))["data"][0][1]
        self.moves.append(Move(old_uuid, new_uuid, origin))

    def _parts(self, table: str) -> list[str]:
        found = self._run(f"SELECT DISTINCT _part FROM {table} ORDER BY _part FORMAT JSONCompact")
        return [row[0] for row in json.loads(found)["data"]]

    def _with_temporary_tables(self, statement: Statement, session: str) -> Statement:
        names = self._temporary.setdefault(session, set())
        if [t.upper for t in statement.tokens[:3]] == ["CREATE", "TEMPORARY", "TABLE"]:
            statement = self._create_temporary(statement, session, names)
        if not names:
            return statement
        edits = []
        for before, token in itertools.pairwise([None, *statement.tokens]):
            if token and token.value in names and token.kind in ("word", "quoted"):
                dotted = before is not None and before.text == "."
                if not dotted:
                    edits.append((token.start, token.start, f"`{_session_database(session)}`."))
        return statement.replaced(edits)

    def _create_temporary(self, statement: Statement, session: str, names: set[str]) -> Statement:
        self._run(f"CREATE DATABASE IF NOT EXISTS `{_session_database(session)}` ENGINE = Atomic")
        read = Reader(statement.tokens[3:])
        read.take("IF", "NOT", "EXISTS")
        names.add(read.identifier())
        word, engine = statement.tokens[1], "ENGINE = MergeTree ORDER BY tuple() AS"
        edits = [(word.start, word.end, "")]
        as_word = next((t for t in statement.tokens if t.upper == "AS"), None)
        if as_word and not any(t.upper == "ENGINE" for t in statement.tokens):
            edits.append((as_word.start, as_word.end, engine))
        return statement.replaced(edits)


_NORMALIZE = """import json, sys, unicodedata
for line in sys.stdin:
    [text] = json.loads(line)
    print(json.dumps([text if text is None else unicodedata.normalize(sys.argv[1], text)]))
"""
_FUNCTION = """<function><type>executable</type><name>normalizeUTF8{form}</name>
  <return_type>Nullable(String)</return_type><argument><type>Nullable(String)</type></argument>
  <format>JSONCompactEachRow</format><execute_direct>0</execute_direct>
  <command>{python} {script} {form}</command></function>"""
_CONFIG = """<clickhouse>
  <user_defined_executable_functions_config>{folder}/functions.xml</user_defined_executable_functions_config>
  <max_thread_pool_free_size>100</max_thread_pool_free_size>{pools}
</clickhouse>"""
# The engine starts for every query, a third faster with one thread in each of these pools.
_POOLS = (
    "pool", "move_pool", "fetches_pool", "common_pool", "schedule_pool",
    "buffer_flush_schedule_pool", "distributed_schedule_pool", "message_broker_schedule_pool",
)  # fmt: skip


def _write_functions(folder: Path) -> Path:
    """Write the functions that the engine lacks as scripts. Returns the config that names them."""
    script = folder / "normalize.py"
    script.write_text(_NORMALIZE)
    paths = {"python": escape(quote(sys.executable)), "script": escape(quote(str(script)))}
    functions = "".join(_FUNCTION.format(form=form, **paths) for form in ("NFKC", "NFKD"))
    (folder / "functions.xml").write_text(f"<functions>{functions}</functions>")
    config = folder / "config.xml"
    pools = "".join(f"<background_{pool}_size>1</background_{pool}_size>" for pool in _POOLS)
    config.write_text(_CONFIG.format(folder=folder, pools=pools))
    return config


def _session_database(session: str) -> str:
    return f"_temporary_{session}"


def output_format(query: Query) -> str:
    words = query.statement.tokens
    if len(words) > 2 and words[-2].upper == "FORMAT":
        return words[-1].text
    return query.params.get("default_format", "TabSeparated")


def context_of(params: Mapping[str, str]) -> str:
    """The ``SET`` and ``USE`` statements for the URL parameters of a request."""
    settings = {k: v for k, v in params.items() if k not in _NOT_SETTINGS}
    quoted = {k: v.replace("\\", "\\\\").replace("'", "\\'") for k, v in settings.items()}
    text = "SET calculate_text_stack_trace = 0; "  # a stack trace takes seconds
    text += "".join(f"SET {k} = '{v}'; " for k, v in quoted.items())
    database = params.get("database") or "default"
    return f"{text}USE `{database}`; "


def _session_change(statement: Statement) -> dict[str, str]:
    if statement.verb == "USE":
        return {"database": statement.tokens[-1].value}
    pairs = split(statement.tokens[1:])
    return {pair[0].value: pair[2].value for pair in pairs if len(pair) > 2}


def _rows_to_drop(statement: Statement) -> tuple[Table, str] | None:
    """The table and condition of DELETE FROM, ALTER … DELETE WHERE or TRUNCATE."""
    read = Reader(statement.tokens)
    if read.take("TRUNCATE"):
        read.take("TABLE")
        read.take("IF", "EXISTS")
        return read.table(), "1"
    if not read.take("DELETE", "FROM") and not read.take("ALTER", "TABLE"):
        return None
    table = read.table()
    read.take("DELETE")
    if not read.take("WHERE"):
        return None
    start = read.peek()
    settings = [i for i, t in enumerate(statement.tokens) if t.upper == "SETTINGS"]
    end = statement.tokens[settings[-1] - 1 if settings else -1].end
    return table, f"({statement.sql[start.start : end]})" if start else "0"


def _refuse_what_hangs(statement: Statement) -> None:
    upper = [t.upper for t in statement.tokens]
    for first, commands in _NEEDS_BACKGROUND_THREADS.items():
        if tuple(upper[: len(first)]) != first:
            continue
        for words in commands:
            if _contains(upper, words):
                text = f"{' '.join((*first, '…', *words))} (the 23.6 engine of the stand-in cannot)"
                raise ServerError(48, f"Not supported by this stand-in: {text}")


def _contains(upper: list[str], words: Iterable[str]) -> bool:
    needle = list(words)
    return any(upper[i : i + len(needle)] == needle for i in range(len(upper)))
