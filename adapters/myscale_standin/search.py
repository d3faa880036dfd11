"""distance() and batch_distance(): their rules, and SQL that makes the engine answer them.

MyScale's distance() is not a function. It tells the scan to take the k nearest rows that pass the
filters, where k is LIMIT + OFFSET. The rest of the query sees only these rows. So

    SELECT id, distance(v, q) AS d FROM t WHERE x = 1 AND d < 0.5 ORDER BY d LIMIT 3

becomes

    SELECT id, toFloat32(cosineDistance(v, q)) AS d
    FROM (SELECT * FROM t AS t WHERE (x = 1) AND … ORDER BY cosineDistance(v, q) LIMIT 3) AS t
    WHERE x = 1 AND d < 0.5 ORDER BY d LIMIT 3

where … leaves out the parts that have no index yet. The rest of the text stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .ddl import SEARCH_PARAMETERS, Rules, check_column_type, parameters_of
from .errors import ServerError
from .lexer import Reader, Statement, Table, Token, closing, parse_statement, same, span, split
from .lifecycle import Lifecycle, VectorIndex

_CLAUSES = (
    "FROM", "PREWHERE", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET",
    "SETTINGS", "FORMAT", "INTO",
)  # fmt: skip
_SET_OPERATORS = ("UNION", "INTERSECT")
_EXACT = {
    "L2": "L2SquaredDistance({0}, {1})",
    "COSINE": "cosineDistance({0}, {1})",
    "IP": "arraySum((a, b) -> a * b, {0}, {1})",
}
_NOT_ALIASES = {
    *_CLAUSES, *_SET_OPERATORS, "FINAL", "SAMPLE", "ON", "USING", "JOIN", "LEFT", "RIGHT", "INNER",
    "FULL", "CROSS", "ANY", "ALL", "ASOF", "SEMI", "ANTI", "GLOBAL", "ARRAY", "ASC", "DESC", "BY",
    "AND", "OR", "IN", "BETWEEN", "IS", "LIKE", "NOT", "DIV", "MOD", "NULLS", "EXCEPT", "ASCENDING",
    "DESCENDING",
}  # fmt: skip


@dataclass(frozen=True)
class TableInfo:
    """What the engine knows of a table. ``dimensions`` come from its CHECK constraints."""

    uuid: str
    database: str
    name: str
    engine: str
    columns: Mapping[str, str]
    dimensions: Mapping[str, int]


@dataclass(frozen=True)
class Server:
    """What a search needs to know about its server."""

    rules: Rules
    lifecycle: Lifecycle
    describe: Callable[[Table], TableInfo]
    constants: Callable[[str], list[Any]]
    aggregates: Callable[[], set[str]]
    settings: Mapping[str, str]


class Call(NamedTuple):
    """One call in a statement, by token index: its name, its brackets and its end."""

    start: int
    end: int
    depth: int
    is_batch: bool
    parameters: tuple[str, ...]
    column: list[Token]
    vector: list[Token]


class Source(NamedTuple):
    """One table expression of a FROM clause. ``table`` is None for a subquery or function."""

    tokens: list[Token]
    table: Table | None
    alias: str
    is_final: bool


class Select(NamedTuple):
    """One SELECT as tokens by clause. ``withs`` has its WITH and those of outer SELECTs."""

    clauses: dict[str, list[Token]]
    limit_by: list[Token]
    withs: list[list[Token]]
    start: int
    end: int


def has_search(statement: Statement) -> bool:
    """Whether a statement calls distance() or batch_distance()."""
    return bool(_calls(statement.tokens))


def rewrite_searches(statement: Statement, server: Server) -> Statement:
    """The statement with every search replaced by SQL that the engine can run.

    Raises the ServerErrors of the rules: 62, 48, 49, 36, 44, 117, 1001.
    """
    while calls := _calls(statement.tokens):
        innermost = max(calls, key=lambda call: call.depth)
        statement = _Search(statement, innermost, calls, server).rewritten()
    return statement


def _calls(toks: Sequence[Token]) -> list[Call]:
    found, depth = [], 0
    inside_select = [False]
    for i, token in enumerate(toks):
        if token.text == "(" and token.kind == "punct":
            depth += 1
            inside_select.append(False)
        elif token.text == ")" and token.kind == "punct" and depth:
            depth -= 1
            inside_select.pop()
        elif token.upper == "SELECT":
            inside_select[-1] = True
        name = token.upper if token.kind == "word" else ""
        is_named = name.startswith(("DISTANCE", "BATCH_DISTANCE")) and any(inside_select)
        is_call = is_named and i + 1 < len(toks) and toks[i + 1].text == "("
        if is_call and toks[i - 1].upper not in ("INTO", "TABLE", ".", "FROM", "JOIN"):
            found.append(_call(toks, i, depth))
    return found


def _call(toks: Sequence[Token], start: int, depth: int) -> Call:
    end = closing(toks, start + 1)
    parameters: tuple[str, ...] = ()
    arguments = split(toks[start + 2 : end])
    if end + 1 < len(toks) and toks[end + 1].text == "(":
        parameters = tuple(a[0].value for a in arguments)
        opening = end + 1
        end = closing(toks, opening)
        arguments = split(toks[opening + 1 : end])
    name = toks[start].text
    if len(arguments) != 2:
        got = len(arguments)
        text = f"wrong argument number in distance function: {got}, expected 2"
        raise ServerError(36, text)
    is_batch = name.upper().startswith("BATCH")
    return Call(start, end, depth, is_batch, parameters, arguments[0], arguments[1])


def _select_around(toks: Sequence[Token], at: int) -> Select:
    """The innermost SELECT that contains the token at index ``at``."""
    start, depth = at, 0
    while depth > 0 or toks[start].upper != "SELECT":
        text = toks[start].text if toks[start].kind == "punct" else ""
        depth = max(0, depth + (text == ")") - (text == "("))
        start -= 1
        if start < 0:
            raise ServerError(62, "Not support distance function outside of a SELECT")
    end, depth = start + 1, 0
    while end < len(toks):
        text = toks[end].text if toks[end].kind == "punct" else ""
        depth += (text == "(") - (text == ")")
        is_set = depth == 0 and toks[end].upper in _SET_OPERATORS
        if depth < 0 or is_set:
            break
        end += 1
    return _select(toks, start, end)


def _select(toks: Sequence[Token], start: int, end: int) -> Select:
    clauses: dict[str, list[Token]] = {}
    limit_by: list[Token] = []
    name, depth, since = "SELECT", 0, start + 1
    for i in range(start + 1, end + 1):
        token = toks[i] if i < end else None
        if token and token.kind == "punct":
            depth += (token.text in "([") - (token.text in ")]")
        starts_clause = token is None or (depth == 0 and token.upper in _CLAUSES)
        if token and token.upper == "FROM" and ("FROM" in clauses or name != "SELECT"):
            starts_clause = False
        if token and token.upper == "OFFSET" and name == "LIMIT":
            starts_clause = False
        if not starts_clause:
            continue
        body = list(toks[since:i])
        if name == "LIMIT" and any(len(p) for p in split(body, lambda t: t.upper == "BY")[1:]):
            limit_by = body
        else:
            clauses[name] = body
        if token:
            name, since = token.upper, i + 1
    return Select(clauses, limit_by, _withs(toks, start), start, end)


def _withs(toks: Sequence[Token], start: int) -> list[list[Token]]:
    """The items of the WITH clauses that the SELECT at ``start`` can see, outermost first."""
    found: list[list[Token]] = []
    depth, end, is_inside_item = 0, start, False
    for i in range(start - 1, -1, -1):
        token = toks[i]
        if token.kind == "punct":
            depth += (token.text == ")") - (token.text == "(")
        if depth < 0:
            depth, end, is_inside_item = 0, i, True
        if depth == 0 and token.upper == "SELECT":
            end, is_inside_item = i, False
        if depth == 0 and token.upper == "WITH" and toks[i + 1].upper not in ("TOTALS", "FILL"):
            items = split(toks[i + 1 : end])
            found = (items[:-1] if is_inside_item else items) + found
    return found


class _Search:
    """One search of one SELECT."""

    def __init__(self, statement: Statement, call: Call, calls: list[Call], server: Server) -> None:
        self.statement, self.call, self.server = statement, call, server
        self.toks = statement.tokens
        self.select = _select_around(self.toks, call.start)
        here = [c for c in calls if _select_around(self.toks, c.start).start == self.select.start]
        self.same_calls = [c for c in here if self._is_same(c)]
        if len(self.same_calls) < len(here):
            text = "Not support more than one function among vector scan, text search"
            raise ServerError(62 if server.rules.generation == 1 else 48, f"{text}, hybrid search")
        self.alias = self._alias()
        self.sources = _sources(self.select.clauses.get("FROM", []))
        self.source = self._searched_source()
        self.column = call.column[-1].value
        self.through_subquery = self.source.table is None
        self.table = self._base_table()

    def rewritten(self) -> Statement:
        self._check_clauses()
        index = self._index()
        metric = index.metric if index else self._default_metric()
        self._check_direction("L2" if self.through_subquery else metric)
        limit = self._check_constants(index)
        exact = _EXACT[metric]
        inner = self._candidates(exact, metric, limit, index)
        edits = [(self.source.tokens[0].start, self.source.tokens[-1].end, inner)]
        outer = "__batch" if self.call.is_batch else f"toFloat32({self._apply(exact)})"
        edits += [(self.toks[c.start].start, self.toks[c.end].end, outer) for c in self.same_calls]
        if prewhere := self.select.clauses.get("PREWHERE"):
            word = self.toks[self.toks.index(prewhere[0]) - 1]
            edits.append((word.start, prewhere[-1].end, ""))
        return self.statement.replaced(edits)

    def _default_metric(self) -> str:
        setting = "float_vector_search_metric_type"
        return self.server.lifecycle.setting(self.table.uuid, setting, "L2").upper()

    # ------------------------------------------------------------ who is searched

    def _is_same(self, other: Call) -> bool:
        mine = self.toks[self.call.start : self.call.end + 1]
        return same(mine, self.toks[other.start : other.end + 1])

    def _alias(self) -> str:
        for call in self.same_calls:
            after = self.toks[call.end + 1 : call.end + 3]
            if after and after[0].upper == "AS" and len(after) > 1:
                return after[1].value
            if after and after[0].kind in ("word", "quoted") and after[0].upper not in _NOT_ALIASES:
                return after[0].value
        return ""

    def _searched_source(self) -> Source:
        if not self.sources:
            raise ServerError(46, "Unknown function distance")
        if len(self.call.column) == 3 and self.call.column[1].text == ".":
            name = self.call.column[0].value
            for source in self.sources:
                if source.alias == name:
                    return source
        if len(self.call.column) != 1 or self.call.column[0].kind not in ("word", "quoted"):
            raise ServerError(36, "The first argument of distance function should be a column name")
        if len(self.sources) == 1:
            return self.sources[0]
        for source in self.sources:
            if source.table and self.call.column[0].value in self._describe(source.table).columns:
                return source
        name = self.call.column[0].value
        raise ServerError(47, f"Missing columns: '{name}' while processing distance")

    def _describe(self, table: Table) -> TableInfo:
        ctes = {item[0].value for item in self.select.withs if item[1:2] and item[1].upper == "AS"}
        if not table.database and table.name in ctes:
            text = f"a search through the common table expression {table.name}"
            raise ServerError(48, f"Not supported: {text}; put distance beside the base table")
        return self.server.describe(table)

    def _base_table(self) -> TableInfo:
        table = self.source.table
        if table is None:
            inside = self.source.tokens
            if inside[0].text != "(":
                raise ServerError(48, "Not supported: distance over a table function")
            toks = inside[1 : closing(inside, 0)]
            sources = _sources(_select(toks, 0, len(toks)).clauses.get("FROM", []))
            if len(sources) != 1 or sources[0].table is None or toks[0].upper != "SELECT":
                raise ServerError(48, "Not supported: distance over this kind of subquery")
            table = sources[0].table
        info = self._describe(table)
        if "MergeTree" not in info.engine:
            kind = f"{info.database}.{info.name} is a {info.engine}"
            raise ServerError(48, f"Not supported: distance needs a MergeTree table, {kind}")
        if self.column not in info.columns:
            raise ServerError(47, f"Missing columns: '{self.column}' while processing distance")
        if check_column_type(info.columns[self.column]) == "binary":
            raise ServerError(48, "Not supported by this stand-in: search of binary vectors")
        return info

    def _index(self) -> VectorIndex | None:
        self.server.lifecycle.sync()
        found = self.server.lifecycle.of_table(self.table.uuid)
        index = next((i for i in found if i.definition.column == self.column), None)
        kind = index.definition.type.upper() if index else "FLAT"
        allowed = SEARCH_PARAMETERS[kind]
        for key, value in parameters_of(self.call.parameters).items():
            if key not in allowed:
                raise ServerError(36, f"Unsupported vector search argument `{key}` for {kind}")
            low, high = allowed[key]
            if not low <= float(value) <= high:
                raise ServerError(36, f"Value for parameter `{key}` range needs to be {low}~{high}")
        return index

    # ------------------------------------------------------------ rules of the clauses

    def _check_clauses(self) -> None:
        clauses = self.select.clauses
        if self.alias and self.alias in self.table.columns:
            text = f"Not support search function on table with column name '{self.alias}'"
            raise ServerError(62, text)
        is_old = self.server.rules.generation == 1
        if "ORDER" not in clauses and is_old:
            raise ServerError(62, "Not support distance function without ORDER BY clause")
        if self.call.is_batch and not self.select.limit_by:
            raise ServerError(62, "Not support batch_distance function without LIMIT N BY clause")
        if not self.call.is_batch and "LIMIT" not in clauses:
            raise ServerError(62, "Not support distance function without LIMIT N clause")
        if any(t.upper == "TIES" for t in clauses.get("LIMIT", [])):
            raise ServerError(62, "Not support distance function with LIMIT WITH TIES")
        if "GROUP" in clauses and is_old:
            raise ServerError(62, "Not support GROUP BY in a query with distance function")
        for call in self.same_calls:
            for name in _functions_around(self.toks, self.select.start, call.start):
                if name.removesuffix("If") in self.server.aggregates():
                    text = f"Not support aggregate function {name} over distance function"
                    raise ServerError(62, text)

    def _check_direction(self, metric: str) -> None:
        keys = [_key(part) for part in split(self.select.clauses.get("ORDER", [])[1:])]
        wanted = "DESC" if metric == "IP" else "ASC"
        if self.call.is_batch:
            ranks = ["".join(t.value for t in key) for key, _ in keys[:2]]
            if ranks != [f"{self.alias}.1", f"{self.alias}.2"]:
                text = "Not support batch_distance function without ORDER BY its .1 and .2"
                raise ServerError(62, text)
            given = keys[1][1]
        elif keys and self._is_distance(keys[0][0]):
            given = keys[0][1]
        elif self.server.rules.generation == 1:
            text = "Not support distance function without ORDER BY clause"
            raise ServerError(62, f"{text}: the distance comes first")
        else:
            return
        if given != wanted:
            text = "The results returned by the distance function should be ordered by"
            raise ServerError(62, f"{text} `{wanted}` when the metric type is {metric}")

    def _is_distance(self, key: Sequence[Token]) -> bool:
        by_name = len(key) == 1 and bool(self.alias) and key[0].value == self.alias
        return by_name or same(key, self.toks[self.call.start : self.call.end + 1])

    def _check_constants(self, index: VectorIndex | None) -> int:
        """Check the query vector and LIMIT. Returns the number of candidates."""
        vector, limits = self._vector(), self._limits()
        sizes = f"[length({vector})]"
        if self.call.is_batch:
            sizes = f"arrayMap(q -> length(q), {vector})"
        numbers = ", ".join(f"toUInt64({limit})" for limit in limits)
        probe = f"SELECT toTypeName({vector}), {sizes}, [{numbers}]"
        if self.select.withs:
            items = (span(self.statement.sql, item) for item in self.select.withs)
            probe = f"WITH {', '.join(items)} {probe}"
        kind, lengths, found = self.server.constants(probe)
        inner = kind.removeprefix("Array(" * self.call.is_batch)
        if not inner.startswith(("Array(Float32)", "Array(Float64)")):
            text = "Wrong query column type, expect Float32 or Float64 inside Array()"
            raise ServerError(49, f"{text} in distance function")
        dimension = index.dimension if index else self.table.dimensions.get(self.column, 0)
        for length in lengths:
            if int(length) != dimension:
                text = f"query: {length} vs search column: {dimension}"
                raise ServerError(49, f"Dimension is not equal: {text}")
        numbers_found = [int(number) for number in found]
        if not any(numbers_found) or (len(limits) == 1 and not numbers_found[0]):
            raise ServerError(62, "Not support distance function without LIMIT N clause")
        window = int(self.server.settings.get("max_search_result_window", "0"))
        if window and len(limits) > 1 and sum(numbers_found) > window:
            raise ServerError(36, f"LIMIT + OFFSET exceeds max_search_result_window {window}")
        return sum(numbers_found)

    def _limits(self) -> list[str]:
        """LIMIT and OFFSET as written, in either order."""
        sql, limit = self.statement.sql, self.select.clauses.get("LIMIT", [])
        if self.call.is_batch:
            limit = split(self.select.limit_by, lambda t: t.upper == "BY")[0]
        parts = split(limit, lambda t: t.text == "," or t.upper == "OFFSET")
        offset = [t for t in self.select.clauses.get("OFFSET", []) if not t.upper.startswith("ROW")]
        return [span(sql, part) for part in [*parts, offset] if part]

    # ------------------------------------------------------------ what the engine runs

    def _apply(self, exact: str) -> str:
        return exact.format(span(self.statement.sql, self.call.column), self._vector())

    def _vector(self) -> str:
        return span(self.statement.sql, self.call.vector)

    def _candidates(self, exact: str, metric: str, limit: int, index: VectorIndex | None) -> str:
        """The subquery that replaces the table: filtered, and cut to the k nearest rows."""
        column = f"`{self.column}`"
        parts = self._parts_filter(index)
        dimension = index.dimension if index else self.table.dimensions.get(self.column, 0)
        filters = [f"length({column}) = {dimension}", *self._pre_filters()]
        order = "DESC" if metric == "IP" else "ASC"
        alias = self.source.alias
        if self.through_subquery:
            end = closing(self.source.tokens, 0) + 1
            body = self._filter_base(span(self.statement.sql, self.source.tokens[:end]), parts)
        else:
            body = f"`{self.table.database}`.`{self.table.name}`"
            filters.insert(0, parts)
        final = " FINAL" if self.source.is_final else ""
        named = f" AS `{alias}`" if alias else ""
        where = " AND ".join(f"({text})" for text in filters)
        vector = self._vector()
        columns, rank = "*", f"ORDER BY {exact.format(column, vector)} {order} LIMIT {limit}"
        if self.call.is_batch:
            pair = f"(toUInt32(i), toFloat32({exact.format(column, 'q')}))"
            each = f"arrayMap((i, q) -> {pair}, range(length({vector})), {vector})"
            columns = f"*, arrayJoin({each}) AS __batch"
            rank = f"ORDER BY __batch.1, __batch.2 {order} LIMIT {limit} BY __batch.1"
        return f"(SELECT {columns} FROM {body}{named}{final} WHERE {where} {rank}){named}"

    def _parts_filter(self, index: VectorIndex | None) -> str:
        """Leave out the parts that have no index, unless brute force is on."""
        if self.server.settings.get("enable_brute_force_vector_search", "0") == "1":
            return "1"
        if index is None:
            return "0"
        hidden = [f"'{name}'" for name, part in index.parts.items() if not part.searchable]
        return f"_part NOT IN ({', '.join(hidden)})" if hidden else "1"

    def _filter_base(self, subquery: str, parts: str) -> str:
        """Add the filter on parts to the base table of a subquery."""
        inside = parse_statement(subquery[1:-1])
        source = _sources(_select(inside.tokens, 0, len(inside.tokens)).clauses["FROM"])[0]
        table = f"`{self.table.database}`.`{self.table.name}`"
        text = f"(SELECT * FROM {table} WHERE {parts}) AS `{source.alias}`"
        edit = (source.tokens[0].start, source.tokens[-1].end, text)
        return f"({inside.replaced([edit]).sql})"

    def _pre_filters(self) -> list[str]:
        """The conditions that filter before the nearest rows are taken: those without the distance.

        With a join there are none. Only the engine knows which side a condition belongs to, and to
        filter afterwards is the stricter reading.
        """
        if len(self.sources) > 1:
            return []
        clauses = self.select.clauses
        conditions = [
            c for word in ("PREWHERE", "WHERE") for c in _conjuncts(clauses.get(word, []))
        ]
        mine = {self.toks[c.start].start for c in self.same_calls}
        free = [
            c for c in conditions
            if c and not any(t.start in mine or (self.alias and t.value == self.alias) for t in c)
        ]  # fmt: skip
        return [self._without_aliases(condition) for condition in free]

    def _without_aliases(self, condition: list[Token]) -> str:
        """A condition, with the aliases of the SELECT list replaced by their expressions."""
        sql = self.statement.sql
        meanings = {
            item[-1].value: span(sql, item[:-2])
            for item in split(self.select.clauses["SELECT"])
            if len(item) > 2 and item[-2].upper == "AS"
        }
        start, text = condition[0].start, span(sql, condition)
        for token in reversed(condition):
            if token.kind in ("word", "quoted") and token.value in meanings:
                at = token.start - start
                text = f"{text[:at]}({meanings[token.value]}){text[at + len(token.text) :]}"
        return text


def _key(part: list[Token]) -> tuple[list[Token], str]:
    """One element of ORDER BY without NULLS FIRST and so on, and its direction."""
    key = [t for t in part if t.upper not in ("NULLS", "FIRST", "LAST")]
    direction = "ASC"
    if key and key[-1].upper in ("ASC", "ASCENDING", "DESC", "DESCENDING"):
        direction = "DESC" if key.pop().upper.startswith("DESC") else "ASC"
    return key, direction


def _functions_around(toks: Sequence[Token], start: int, at: int) -> list[str]:
    """The functions, within one SELECT, whose brackets contain the token at ``at``."""
    found, depth = [], 0
    for i in range(at - 1, start, -1):
        text = toks[i].text if toks[i].kind == "punct" else ""
        depth += (text == ")") - (text == "(")
        if depth < 0:
            depth = 0
            found.append(toks[i - 1].text)
    return found


def _conjuncts(condition: Sequence[Token]) -> list[list[Token]]:
    """Split at AND, unless there is an OR beside it. The AND of a BETWEEN stays."""
    if len(split(condition, lambda t: t.upper in ("OR", "CASE", "?"))) > 1:
        return [list(condition)]
    betweens = 0

    def is_and(token: Token) -> bool:
        nonlocal betweens
        betweens += token.upper == "BETWEEN"
        if token.upper == "AND" and betweens:
            betweens -= 1
            return False
        return token.upper == "AND"

    return split(condition, is_and)


def _sources(clause: Sequence[Token]) -> list[Source]:
    """The table expressions of a FROM clause, including joined ones."""
    pieces = split(clause, lambda t: t.text == "," or t.upper == "JOIN")
    return [_source(piece) for piece in pieces if piece]


def _source(piece: list[Token]) -> Source:
    ends = ("ON", "USING", "LEFT", "RIGHT", "INNER", "FULL", "CROSS", "ANY", "ALL", "ASOF",
            "SEMI", "ANTI", "GLOBAL", "ARRAY", "OUTER")  # fmt: skip
    depth, own = 0, piece
    for i, token in enumerate(piece):
        depth += (token.text == "(") - (token.text == ")") if token.kind == "punct" else 0
        if depth == 0 and token.upper in ends:
            own = piece[:i]
            break
    table: Table | None = None
    rest = own
    if own[0].text == "(":
        rest = own[closing(own, 0) + 1 :]
    elif len(own) < 2 or own[1].text != "(":
        table = Reader(own).table()
        rest = own[3 if table.database else 1 :]
    is_final = any(t.upper == "FINAL" for t in rest)
    names = [t.value for t in rest if t.upper not in ("AS", "FINAL")]
    alias = names[0] if names else (table.name if table else "")
    return Source(own, table, alias, is_final)
