"""Run one statement. MyScale's own statements are handled here, all others by the engine."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from . import ddl
from .engine import Engine, Query, Reply
from .errors import ServerError, http_status
from .lexer import Reader, Statement, Table, tokens
from .lifecycle import (
    INDICES_STRUCTURE,
    SEGMENTS_STRUCTURE,
    Faults,
    Lifecycle,
    VectorIndex,
)
from .search import Server, TableInfo, has_search, rewrite_searches
from .settings import QUERY_SETTINGS, TABLE_SETTINGS, take_settings

_READS = ("SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "SET", "USE")
_PARTS_STRUCTURE = (
    "database String, table String, name String, partition_id String, partition String, "
    "active UInt8, rows UInt64, level UInt32"
)

_PROCESSES_STRUCTURE = "database String, query_id String, query String, current_database String"


class Dialect:
    """One MyScale server: an engine, its vector indexes and the rules of its edition."""

    def __init__(
        self,
        engine: Engine,
        rules: ddl.Rules,
        faults: Faults,
        may_system: bool,
        merges_itself: bool,
    ) -> None:
        self.engine = engine
        self.rules = rules
        self.lifecycle = Lifecycle(engine, faults, merges_itself)
        self.may_system = may_system
        self.is_stopped = False
        self._sessions: dict[str, dict[str, str]] = {}
        self._aggregates: set[str] = set()
        self._known: dict[tuple[str, str], TableInfo] = {}

    def run(self, query: Query) -> Reply:
        """Answer one request. Every error becomes the reply that a server would send."""
        try:
            return self._run(query)
        except ServerError as error:
            headers = {
                "X-ClickHouse-Exception-Code": str(error.code),
                "Content-Type": "text/plain; charset=UTF-8",
            }
            body = error.body(self.engine.version).encode("utf-8", "surrogateescape")
            return Reply(http_status(error.code), headers, body)

    def restarted(self) -> None:
        """Forget what a server loses when it restarts."""
        self._sessions.clear()
        self.lifecycle.requeue()

    # ------------------------------------------------------------ one statement

    def _run(self, query: Query) -> Reply:
        statement, params = _on_this_server(query.statement), dict(query.params)
        given = {name: params.pop(name) for name in list(params) if name in QUERY_SETTINGS}
        session = params.get("session_id", "")
        if statement.verb == "SET":
            return self._set(replace(query, params=params), session)
        statement, inline = take_settings(statement, QUERY_SETTINGS)
        settings = {**QUERY_SETTINGS, **self._sessions.get(session, {}), **given, **inline}
        query = replace(query, statement=statement, params=params)
        changes = statement.verb not in _READS
        command = ddl.parse_command(statement, self.rules)
        if isinstance(command, ddl.BuildControl):
            return self._control(command, params)
        # A search and a change never overlap, so a search sees the parts that it was planned for.
        with self.lifecycle.lock if changes or has_search(statement) else nullcontext():
            if command:
                return self._change_index(command, params)
            try:
                return self._run_in_engine(query, settings, changes)
            finally:
                if changes:
                    self._known.clear()
                    self.lifecycle.follow(statement)

    def _run_in_engine(self, query: Query, settings: Mapping[str, str], changes: bool) -> Reply:
        statement = query.statement
        if changes:
            self._refuse_changes(statement, query.params)
            if create := ddl.parse_create_table(statement, self.rules):
                return self._create_table(query, create, settings)
            if statement.starts("ALTER", "TABLE"):
                statement, kept = take_settings(statement, TABLE_SETTINGS, "SETTING")
                if kept:
                    return self._modify_settings(query, statement, kept)
        if statement.starts("SHOW", "CREATE"):
            statement = self._show_create(statement, query.params)
        statement = self._rewritten(statement, query.params, settings)
        return self.engine.send(replace(query, statement=statement))

    def _rewritten(
        self, statement: Statement, params: Mapping[str, str], settings: Mapping[str, str]
    ) -> Statement:
        statement = self._with_system_tables(statement)
        if not has_search(statement):
            return statement
        if statement.starts("CREATE") and any(t.upper == "VIEW" for t in statement.tokens[:5]):
            raise ServerError(48, "Not supported by this stand-in: a view with a search inside")
        context = {k: v for k, v in params.items() if k.startswith("param_") or k == "database"}
        server = Server(
            self.rules,
            self.lifecycle,
            lambda table: self._describe(table, params),
            lambda sql: self.engine.rows(sql, context)[0],
            self._aggregate_names,
            settings,
        )
        return rewrite_searches(statement, server)

    def _aggregate_names(self) -> set[str]:
        if not self._aggregates:
            rows = self.engine.rows("SELECT name FROM system.functions WHERE is_aggregate")
            self._aggregates = {name for (name,) in rows}
        return self._aggregates

    # ------------------------------------------------------------ tables

    def _describe(self, table: Table, params: Mapping[str, str]) -> TableInfo:
        database = table.database or params.get("database") or "default"
        if (database, table.name) in self._known:
            return self._known[database, table.name]
        where = f"database = {_literal(database)} AND %s = {_literal(table.name)}"
        found = self.engine.rows(
            "SELECT toString(uuid), engine, create_table_query FROM system.tables WHERE "
            + where % "name"
        )
        if not found:
            raise ServerError(60, f"Table {database}.{table.name} doesn't exist")
        columns = self.engine.rows(f"SELECT name, type FROM system.columns WHERE {where % 'table'}")
        uuid, engine, create = found[0]
        checks = ddl.checks_of(create)
        sizes = {name: _dimension(name, kind, checks) for name, kind in columns}
        known = {name: size for name, size in sizes.items() if size}
        info = TableInfo(uuid, database, table.name, engine, dict(columns), known)
        self._known[database, table.name] = info
        return info

    def _create_table(
        self, query: Query, create: ddl.CreateTable, settings: Mapping[str, str]
    ) -> Reply:
        plain, table_settings = take_settings(create.plain, TABLE_SETTINGS)
        is_ours = bool(create.indexes or create.like or table_settings)
        if is_ours and any(t.upper == "EXISTS" for t in plain.tokens[:6]):
            is_ours = not self._exists(create.table, query.params)
        prepared = self._inline_indexes(create, table_settings) if is_ours else []
        plain = self._rewritten(plain, query.params, settings)
        reply = self.engine.send(replace(query, statement=plain))
        self._known.clear()
        if reply.status == 200 and is_ours:
            uuid = self._describe(create.table, query.params).uuid
            self.lifecycle.table_settings[uuid] = table_settings
            for index in prepared:
                index.table_uuid = uuid
                self.lifecycle.add(index)
            if create.like:
                source = self._describe(create.like, query.params)
                self.lifecycle.copy(source.uuid, uuid)
        return reply

    def _exists(self, table: Table, params: Mapping[str, str]) -> bool:
        try:
            return bool(self._describe(table, params))
        except ServerError:
            return False

    def _inline_indexes(
        self, create: ddl.CreateTable, table_settings: Mapping[str, str]
    ) -> list[VectorIndex]:
        prepared: list[VectorIndex] = []
        for definition in create.indexes:
            column = definition.column
            if any(i.definition.name == definition.name for i in prepared):
                raise ServerError(49, f"Vector index with name `{definition.name}` already exists")
            if any(i.definition.column == column for i in prepared):
                raise ServerError(48, f"Column {column} already has a vector index definition")
            if prepared and self.rules.generation == 1:
                raise ServerError(48, "only one vector index can be created for this table")
            if column not in create.columns:
                text = f"Cannot add vector index {definition.name}: column {column} does not exist"
                raise ServerError(44, text)
            column_type = _column_type(create.columns[column])
            vectors = ddl.check_column_type(column_type)
            if vectors == "float" and not create.checks:
                raise ServerError(
                    80,
                    f"Cannot create table with column '{column}' which type is '{column_type}' "
                    "because the constraint information was not defined during the creation of a "
                    "vector index for the column",
                )
            dimension = _dimension(column, column_type, create.checks)
            if not dimension:
                text = "A vector index cannot be built on a vector with a dimension of 0"
                raise ServerError(80, text)
            prepared.append(self._index("", definition, vectors, dimension, table_settings))
        return prepared

    def _index(
        self,
        uuid: str,
        definition: ddl.IndexDefinition,
        vectors: str,
        dimension: int,
        table_settings: Mapping[str, str],
    ) -> VectorIndex:
        """Check a definition. With the parameter check off, a bad one fails only when it builds."""
        broken = ""
        try:
            ddl.check_definition(definition, self.rules, vectors, dimension)
        except ServerError as error:
            if error.code == 1001 or table_settings.get("vector_index_parameter_check", "1") != "0":
                raise
            broken = error.text
        default = table_settings.get(f"{vectors}_vector_search_metric_type")
        default = default or TABLE_SETTINGS[f"{vectors}_vector_search_metric_type"]
        metric = default if broken else ddl.metric_of(definition.parameters, default)
        return VectorIndex(uuid, definition, metric.upper(), dimension, broken)

    # ------------------------------------------------------------ vector index commands

    def _change_index(
        self, command: ddl.AddIndex | ddl.DropIndex, params: Mapping[str, str]
    ) -> Reply:
        info = self._describe(command.table, params)
        existing = self.lifecycle.of_table(info.uuid)
        if isinstance(command, ddl.DropIndex):
            named = [i for i in existing if i.definition.name == command.name]
            if not named and not command.if_exists:
                text = f"Wrong vector index name. Cannot find vector index `{command.name}` to drop"
                raise ServerError(36, text)
            self.lifecycle.indexes = [i for i in self.lifecycle.indexes if i not in named]
            return _done()
        index = self._added(command, info, existing)
        if index:
            self.lifecycle.add(index)
        return _done()

    def _added(
        self, command: ddl.AddIndex, info: TableInfo, existing: Sequence[VectorIndex]
    ) -> VectorIndex | None:
        definition = command.index
        cannot = f"Cannot add vector index {definition.name}"
        if "MergeTree" not in info.engine:
            raise ServerError(48, f"{cannot}: {info.engine} does not support vector indexes")
        if definition.column not in info.columns:
            raise ServerError(44, f"{cannot}: column {definition.column} does not exist")
        same_column = any(i.definition.column == definition.column for i in existing)
        if any(i.definition.name == definition.name for i in existing):
            if command.if_not_exists:
                return None
            raise ServerError(36, f"{cannot}: this name is used")
        if same_column and command.if_not_exists:
            return None
        if same_column:
            text = "this column already has a vector index definition"
            raise ServerError(44, f"{cannot}: {text}")
        if existing and self.rules.generation == 1:
            text = "one of the other columns already has a vector index definition"
            raise ServerError(44, f"{cannot}: {text}")
        vectors = ddl.check_column_type(info.columns[definition.column])
        dimension = info.dimensions.get(definition.column, 0)
        if not dimension:
            cannot = f"Cannot add FloatVector index {definition.name}"
            raise ServerError(44, f"{cannot}: column has no length constraint")
        table_settings = self.lifecycle.table_settings.get(info.uuid, {})
        return self._index(info.uuid, definition, vectors, dimension, table_settings)

    def _control(self, command: ddl.BuildControl, params: Mapping[str, str]) -> Reply:
        if not self.may_system:
            raise ServerError(497, "Not enough privileges. To execute this query it's necessary to "
                                   "have grant SYSTEM ON *.*")  # fmt: skip
        uuid = self._describe(command.table, params).uuid
        if command.action == "wait":
            self.lifecycle.wait(uuid, lambda: self.is_stopped)
            return _done()
        self.lifecycle.sync()
        for index in self.lifecycle.of_table(uuid):
            index.stopped = command.action == "stop"
        if command.action == "start":
            self.lifecycle.requeue(self.lifecycle.of_table(uuid))
        return _done()

    def _modify_settings(
        self, query: Query, statement: Statement, kept: Mapping[str, str]
    ) -> Reply:
        table = Reader(statement.tokens[2:]).table()
        uuid = self._describe(table, query.params).uuid
        self.lifecycle.table_settings.setdefault(uuid, {}).update(kept)
        if statement.tokens[-1].upper in ("MODIFY", "RESET"):
            return _done()
        return self.engine.send(replace(query, statement=statement))

    def _refuse_changes(self, statement: Statement, params: Mapping[str, str]) -> None:
        """Refuse what MyScale refuses on a table with a vector index, or warn as it does."""
        if not statement.starts("ALTER", "TABLE") or not self.lifecycle.indexes:
            return
        read = Reader(statement.tokens[2:])
        table = read.table()
        if not self._exists(table, params):
            return
        existing = self.lifecycle.of_table(self._describe(table, params).uuid)
        columns = {index.definition.column for index in existing}
        upper = [t.upper for t in statement.tokens]
        if existing and "DELETE" in upper:
            text = "ALTER TABLE … DELETE is disabled on a table with a vector index"
            raise ServerError(392, f"{text}; use DELETE FROM")
        for word, token in itertools.pairwise(statement.tokens):
            if token.value not in columns:
                continue
            if word.upper == "UPDATE" or ("UPDATE" in upper and word.text == ","):
                text = f"ALTER TABLE … UPDATE of the vector column {token.value} is not allowed"
                raise ServerError(392, f"{text}; use DELETE and INSERT")
            if word.upper in ("COLUMN", "EXISTS") and "COMMENT" not in upper and "ADD" not in upper:
                text = f"ALTER of column {token.value}, which has a vector index, is forbidden"
                raise ServerError(524, text)

    # ------------------------------------------------------------ system tables and settings

    def _set(self, query: Query, session: str) -> Reply:
        statement, taken = take_settings(query.statement, QUERY_SETTINGS, "SET")
        if taken and session:
            self._sessions.setdefault(session, {}).update(taken)
        if not statement.tokens:
            return _done()
        return self.engine.send(replace(query, statement=statement))

    def _with_system_tables(self, statement: Statement) -> Statement:
        """Replace the tables that only MyScale has, or that the engine lacks, with their values."""
        tables: dict[str, Callable[[], str]] = {
            "vector_indices": lambda: _values(INDICES_STRUCTURE, self.lifecycle.vector_indices()),
            "vector_index_segments": lambda: _values(
                SEGMENTS_STRUCTURE, self.lifecycle.vector_index_segments()
            ),
            "settings": _settings_table,
        }
        if self.rules.generation == 1:
            tables["parts"] = lambda: _values(_PARTS_STRUCTURE, self._parts())
            tables["processes"] = lambda: _values(_PROCESSES_STRUCTURE, [])  # one at a time
        toks, edits = statement.tokens, []
        for i, token in enumerate(toks):
            if token.upper == "VERSION" and [t.text for t in toks[i + 1 : i + 3]] == ["(", ")"]:
                text = f"('{self.engine.version}' AS `version()`)"
                edits.append((token.start, toks[i + 2].end, text))
            is_system = token.value == "system" and i + 2 < len(toks) and toks[i + 1].text == "."
            name = toks[i + 2].value if is_system else ""
            if name not in tables:
                continue
            start, end, after = token.start, toks[i + 2].end, i + 3
            if i > 3 and toks[i - 4].upper in ("CLUSTERALLREPLICAS", "CLUSTER"):
                start, end, after = toks[i - 4].start, toks[after].end, after + 1
            alias = "" if _is_alias(toks[after] if after < len(toks) else None) else f" AS {name}"
            edits.append((start, end, tables[name]() + alias))
        return statement.replaced(edits) if edits else statement

    def _parts(self) -> list[list[Any]]:
        found = self.engine.rows(
            "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree' "
            "AND database != 'system'"
        )
        if not found:
            return []
        columns = "_part, _partition_id, _partition_id, 1, count(), 0"
        return self.engine.rows(
            " UNION ALL ".join(
                f"SELECT '{database}', '{table}', {columns} FROM `{database}`.`{table}` "
                "GROUP BY _part, _partition_id"
                for database, table in found
            )
        )

    def _show_create(self, statement: Statement, params: Mapping[str, str]) -> Statement:
        """Print the vector indexes at the end of the column list, as MyScale's SHOW CREATE TABLE
        does.
        """
        read = Reader(statement.tokens[2:])
        read.take("TABLE")
        if read.take("VIEW") or read.take("DATABASE"):
            return statement
        table = read.table()
        if not self._exists(table, params):
            return statement
        existing = self.lifecycle.of_table(self._describe(table, params).uuid)
        if not existing:
            return statement
        context = {k: v for k, v in params.items() if k == "database"}
        shown = self.engine.rows(statement.sql.split("FORMAT")[0], context)[0][0]
        clauses = "".join(f",\n    {index.definition.sql}" for index in existing)
        shown = re.sub(r"\n\)\n", lambda _: f"{clauses}\n)\n", shown, count=1)
        tail = statement.sql[read.peek().start :] if read.peek() else ""  # type: ignore[union-attr]
        text = f"SELECT {_literal(shown)} AS statement {tail}"
        return Statement(text, list(tokens(text)))


def _on_this_server(statement: Statement) -> Statement:
    """Remove ON CLUSTER standin from the statement. That cluster is this one server."""
    toks = statement.tokens
    for i, token in enumerate(toks[2:], start=2):
        if token.value == "standin" and [t.upper for t in toks[i - 2 : i]] == ["ON", "CLUSTER"]:
            return statement.replaced([(toks[i - 2].start, token.end, "")])
    return statement


def _done() -> Reply:
    headers = {"Content-Type": "text/plain; charset=UTF-8", "X-ClickHouse-Summary": "{}"}
    return Reply(200, headers, b"")


def _literal(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return str(value)


def _values(structure: str, rows: Sequence[Sequence[Any]]) -> str:
    """A subquery with these rows. It starts with a row that is filtered out, so it is valid without
    rows.
    """
    nothing = ", ".join("''" if part.endswith("String") else "0" for part in structure.split(", "))
    filled = [", ".join(_literal(cell) for cell in row) for row in rows]
    listed = ", ".join(f"({row})" for row in [nothing, *filled])
    return f"(SELECT * FROM values('{structure}', {listed}) WHERE database != '')"


def _settings_table() -> str:
    own = "".join(
        f" UNION ALL SELECT * REPLACE ('{name}' AS name, '{value}' AS value) "
        "FROM (SELECT * FROM system.settings WHERE name = 'max_threads')"
        for name, value in QUERY_SETTINGS.items()
    )
    return f"(SELECT * FROM system.settings{own})"


def _is_alias(token: Any) -> bool:
    if token is None or token.kind not in ("word", "quoted"):
        return False
    return token.upper not in (
        "WHERE", "PREWHERE", "ORDER", "GROUP", "LIMIT", "FORMAT", "SETTINGS", "JOIN", "LEFT",
        "INNER", "CROSS", "ANY", "UNION", "HAVING", "ARRAY", "FINAL", "ON", "USING", "GLOBAL",
    )  # fmt: skip


def _column_type(declared: str) -> str:
    """The type at the start of a column declaration, without DEFAULT, CODEC and so on."""
    toks = list(tokens(declared))
    read = Reader(toks)
    read.identifier()
    if (bracket := read.peek()) and bracket.text == "(":
        read.brackets()
    last = read.peek(-1)
    return declared[: last.end].replace(" ", "") if last else declared


def _dimension(column: str, column_type: str, checks: Sequence[Any]) -> int:
    """The floats of a vector, from its CHECK, or the bits of a FixedString. 0 if unknown."""
    if match := re.fullmatch(r"FixedString\((\d+)\)", column_type):
        return 8 * int(match[1])
    return ddl.dimension_of(column, checks) or 0
