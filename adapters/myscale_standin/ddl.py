"""The grammar of vector index DDL, and the checks that MyScale makes before it accepts an index."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .errors import ServerError
from .lexer import Reader, Statement, Table, Token, span, split, tokens

FLOAT_METRICS = ("L2", "COSINE", "IP")
BINARY_METRICS = ("HAMMING", "JACCARD")
_FLOAT_BIT_SIZES = (
    "4bit", "6bit", "8bit", "8bit_uniform", "8bit_direct", "4bit_uniform", "QT_fp16",
)  # fmt: skip

_NCENTROIDS = {"ncentroids": (1, 1048576)}
_NPROBE = {"nprobe": (1, 1048576)}
_GRAPH = {"m": (8, 128), "ef_c": (16, 1024)}
_EF_S = {"ef_s": (16, 1024)}
_ALPHA = {"alpha": (1, 4)}
_BUILD: dict[str, dict[str, tuple[int, int]]] = {
    "SCANN": {},
    "MSTG": {},
    "FLAT": {},
    "IVFFLAT": _NCENTROIDS,
    "IVFPQ": {**_NCENTROIDS, "M": (1, 1 << 16), "bit_size": (2, 12)},
    "IVFSQ": {**_NCENTROIDS, "bit_size": (0, 0)},
    "HNSWFLAT": _GRAPH,
    "HNSWFASTFLAT": _GRAPH,
    "HNSWSQ": {**_GRAPH, "bit_size": (0, 0)},
    "HNSWPQ": {**_GRAPH, "bit_size": (2, 12)},
    "BINARYFLAT": {},
    "BINARYIVF": _NCENTROIDS,
    "BINARYHNSW": _GRAPH,
}
SEARCH_PARAMETERS: dict[str, dict[str, tuple[int, int]]] = {
    kind: _ALPHA if kind in ("SCANN", "MSTG")
    else _EF_S if "HNSW" in kind
    else _NPROBE if "IVF" in kind
    else {}
    for kind in _BUILD
}  # fmt: skip


@dataclass(frozen=True)
class IndexDefinition:
    """One ``name column TYPE type('k=v', …)``. ``expr`` is the text as the user typed it."""

    name: str
    column: str
    type: str
    parameters: tuple[str, ...]
    expr: str

    @property
    def sql(self) -> str:
        """The clause as SHOW CREATE TABLE prints it."""
        return f"VECTOR INDEX {self.expr}"


@dataclass(frozen=True)
class AddIndex:
    """ALTER … ADD VECTOR INDEX or CREATE VECTOR INDEX."""

    table: Table
    index: IndexDefinition
    if_not_exists: bool


@dataclass(frozen=True)
class DropIndex:
    """ALTER … DROP VECTOR INDEX or DROP VECTOR INDEX."""

    table: Table
    name: str
    if_exists: bool


@dataclass(frozen=True)
class BuildControl:
    """SYSTEM STOP | START BUILD VECTOR INDICES t, or SYSTEM WAIT BUILDING VECTOR INDICES t."""

    table: Table
    action: str


Command = AddIndex | DropIndex | BuildControl


@dataclass(frozen=True)
class Rules:
    """What one server allows. This depends on its edition and generation."""

    edition: str
    generation: int

    @property
    def default_type(self) -> str:
        """What TYPE DEFAULT means for float vectors."""
        return "MSTG" if self.edition == "cloud" else "SCANN"


def parse_command(statement: Statement, rules: Rules) -> Command | None:
    """The vector index command in a statement, or None for any other statement.

    Raises ServerError 62 for everything outside the grammar.
    """
    read = Reader(statement.tokens)
    if read.take("CREATE", "VECTOR"):
        read.expect("INDEX")
        exists = read.take("IF", "NOT", "EXISTS")
        name = read.identifier()
        read.expect("ON")
        table = _table_on_cluster(read)
        index = _definition(statement.sql, read, rules, name)
        read.end()
        return AddIndex(table, index, exists)
    if read.take("DROP", "VECTOR"):
        read.expect("INDEX")
        exists = read.take("IF", "EXISTS")
        name = read.identifier()
        read.expect("ON")
        table = _table_on_cluster(read)
        read.end()
        return DropIndex(table, name, exists)
    if read.take("SYSTEM"):
        return _build_control(read)
    return _alter(statement, read, rules) if read.take("ALTER", "TABLE") else None


def _alter(statement: Statement, read: Reader, rules: Rules) -> Command | None:
    if not any(t.upper == "VECTOR" for t in statement.tokens):
        return None
    table = _table_on_cluster(read)
    if read.take("ADD", "VECTOR"):
        read.expect("INDEX")
        exists = read.take("IF", "NOT", "EXISTS")
        index = _definition(statement.sql, read, rules, read.identifier())
        read.end()
        return AddIndex(table, index, exists)
    if read.take("DROP", "VECTOR"):
        read.expect("INDEX")
        exists = read.take("IF", "EXISTS")
        name = read.identifier()
        read.end()
        return DropIndex(table, name, exists)
    for before, token in pairwise(statement.tokens):
        if token.upper == "VECTOR" and before.upper in ("ADD", "DROP"):
            read.fail("ADD VECTOR INDEX or DROP VECTOR INDEX, alone in its ALTER")
    return None


def _build_control(read: Reader) -> BuildControl | None:
    for action, words in (
        ("stop", ("STOP", "BUILD", "VECTOR", "INDICES")),
        ("start", ("START", "BUILD", "VECTOR", "INDICES")),
        ("wait", ("WAIT", "BUILDING", "VECTOR", "INDICES")),
    ):
        if read.take(*words):
            table = read.table()
            read.end()
            return BuildControl(table, action)
    return None


def _table_on_cluster(read: Reader) -> Table:
    table = read.table()
    if read.take("ON", "CLUSTER") and read.skip().kind == "punct":
        read.fail("cluster name")
    return table


def _definition(sql: str, read: Reader, rules: Rules, name: str) -> IndexDefinition:
    """What follows the name: ``column [TYPE type[('k=v', …)]]``."""
    first = read.peek()
    column = read.identifier()
    if not read.take("TYPE"):
        if rules.generation == 1:
            read.fail("TYPE")
        return IndexDefinition(name, column, rules.default_type, (), f"{name} {column}")
    kind = read.identifier()
    parameters: tuple[str, ...] = ()
    if (bracket := read.peek()) and bracket.text == "(":
        items = split(read.brackets())
        if any(len(item) != 1 or item[0].kind != "string" for item in items):
            raise ServerError(36, "All parameters to vector index must be String")
        parameters = tuple(item[0].value for item in items)
    assert first is not None
    last = read.peek(-1)
    assert last is not None
    resolved = rules.default_type if kind.upper() == "DEFAULT" else kind
    expr = f"{name} {sql[first.start : last.end]}"
    return IndexDefinition(name, column, resolved, parameters, expr)


# ---------------------------------------------------------------- CREATE TABLE


@dataclass(frozen=True)
class CreateTable:
    """A CREATE TABLE: its name, its inline vector indexes, and the statement without them."""

    table: Table
    plain: Statement
    indexes: tuple[IndexDefinition, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[tuple[Token, ...], ...] = ()
    like: Table | None = None


def parse_create_table(statement: Statement, rules: Rules) -> CreateTable | None:
    """Read the vector indexes in a CREATE TABLE. None for any other statement."""
    read = Reader(statement.tokens)
    if not (read.take("CREATE") or read.take("ATTACH")):
        return None
    read.take("OR", "REPLACE")
    if not read.take("TABLE"):
        return None
    read.take("IF", "NOT", "EXISTS")
    table = _table_on_cluster(read)
    if read.take("UUID"):
        read.skip()
    if (bracket := read.peek()) and bracket.text == "(":
        return _create_with_columns(statement, table, read.brackets(), rules)
    if read.take("AS") and (after := read.peek()) and after.upper not in ("SELECT", "WITH", "("):
        like = read.table()
        is_function = (bracket := read.peek()) is not None and bracket.text == "("
        return CreateTable(table, statement, like=None if is_function else like)
    return CreateTable(table, statement)


def _create_with_columns(
    statement: Statement, table: Table, inside: Sequence[Token], rules: Rules
) -> CreateTable:
    elements = split(inside)
    kept: list[Sequence[Token]] = []
    indexes: list[IndexDefinition] = []
    columns: dict[str, str] = {}
    for element in elements:
        if [t.upper for t in element[:2]] == ["VECTOR", "INDEX"]:
            read = Reader(element[2:])
            index = _definition(statement.sql, read, rules, read.identifier())
            read.end()
            indexes.append(index)
            continue
        kept.append(element)
        if element[0].upper not in ("CONSTRAINT", "INDEX", "PROJECTION", "PRIMARY"):
            columns[element[0].value] = span(statement.sql, element[1:])
    plain = statement
    if indexes:
        text = ", ".join(span(statement.sql, element) for element in kept)
        plain = statement.replaced([(inside[0].start, inside[-1].end, text)])
    checks = tuple(_checks(kept))
    return CreateTable(table, plain, tuple(indexes), columns, checks)


def _checks(elements: Sequence[Sequence[Token]]) -> list[tuple[Token, ...]]:
    return [
        tuple(element[3:])
        for element in elements
        if len(element) > 3 and element[0].upper == "CONSTRAINT" and element[2].upper == "CHECK"
    ]


def dimension_of(column: str, checks: Sequence[Sequence[Token]]) -> int | None:
    """The length that a CHECK sets for ``column``, or None.

    Only the expression ``length(column) = integer`` counts, in this order and with nothing beside
    it. It may be in brackets. The function name is case-sensitive.
    """
    for check in checks:
        inside = list(check)
        while len(inside) > 2 and inside[0].text == "(" and inside[-1].text == ")":
            inside = inside[1:-1]
        shape = [t.text for t in inside]
        literal = len(inside) == 6 and shape[:2] == ["length", "("] and shape[3:5] == [")", "="]
        if literal and inside[2].value == column and inside[5].text.isdigit():
            return int(inside[5].text)
    return None


def checks_of(create_table_sql: str) -> list[tuple[Token, ...]]:
    """The CHECK expressions in the text of SHOW CREATE TABLE."""
    toks = list(tokens(create_table_sql))
    opening = next((i for i, t in enumerate(toks) if t.text == "("), None)
    if opening is None:
        return []
    return _checks(split(Reader(toks[opening:]).brackets()))


# ---------------------------------------------------------------- checks of a definition


def check_column_type(column_type: str) -> str:
    """``float`` or ``binary`` for a column type that can hold a vector, else ServerError 117."""
    if column_type == "Array(Float32)":
        return "float"
    if column_type.startswith("FixedString("):
        return "binary"
    if column_type.startswith("Array("):
        raise ServerError(117, "The element type inside the array must be `Float32`")
    text = "Vector search can be used with `Array(Float32)` or `FixedString` column"
    raise ServerError(117, text)


def check_definition(index: IndexDefinition, rules: Rules, vectors: str, dimension: int) -> None:
    """Check the type (ServerError 1001) and the build parameters (36) of a definition."""
    kind = index.type.upper()
    known = kind in _BUILD and kind.startswith("BINARY") == (vectors == "binary")
    if not known or (kind == "MSTG" and rules.edition == "oss"):
        what = "Float32 Vector" if vectors == "float" else "Binary Vector"
        text = f"Unknown index type for {what}: {index.type}"
        raise ServerError(1001, f"Error(BAD_ARGUMENTS): {text}")
    check_parameters(kind, parameters_of(index.parameters), rules, dimension)


def parameters_of(texts: Sequence[str]) -> dict[str, str]:
    """The key and value of each ``'k=v'``, without blanks. One JSON object is also accepted."""
    if len(texts) == 1 and texts[0].lstrip().startswith("{"):
        return {k: str(v) for k, v in json.loads(texts[0]).items()}
    found = {}
    for text in texts:
        if text.count("=") != 1:
            raise ServerError(36, "Key-value String parameter to vector index has only one `=` ")
        key, value = text.replace(" ", "").split("=")
        found[key] = value
    return found


def check_parameters(kind: str, given: Mapping[str, str], rules: Rules, dimension: int) -> None:
    """Check the build parameters of index type ``kind``, which is upper case.

    Generation 1 has one list of parameters for build and search. Generation 2 has two.
    """
    ranges = dict(_BUILD[kind])
    if rules.generation == 1:
        ranges |= SEARCH_PARAMETERS[kind]
    valid = ",".join(sorted([*ranges, "metric_type"]))
    for key, value in given.items():
        if key == "metric_type":
            metrics = BINARY_METRICS if kind.startswith("BINARY") else FLOAT_METRICS
            if value.upper() not in metrics:
                text = f"{kind} parameter `metric_type` should be one of [{', '.join(metrics)}]"
                raise ServerError(36, text)
        elif key not in ranges:
            text = f"{kind} doesn't support index parameter: `{key}`, valid parameters is [{valid}]"
            raise ServerError(36, text)
        elif key == "bit_size" and kind.endswith("SQ"):
            if value not in _FLOAT_BIT_SIZES:
                allowed = ", ".join(_FLOAT_BIT_SIZES)
                raise ServerError(36, f"{kind} parameter `bit_size` should be one of [{allowed}]")
        else:
            _check_number(kind, key, value, ranges[key])
    if "M" in ranges and dimension % int(given.get("M", "16")):
        raise ServerError(36, f"{kind} parameter `M` should divide the dimension {dimension}.")


def _check_number(kind: str, key: str, value: str, allowed: tuple[int, int]) -> None:
    low, high = allowed
    try:
        number = float(value) if key == "alpha" else int(value)
    except ValueError:
        text = f"{kind} expects an integer value for parameter: `{key}`, but got `{value}`."
        raise ServerError(36, text) from None
    if not low <= number <= high:
        raise ServerError(36, f"{kind} parameter `{key}` range needs to be {low}~{high}.")


def metric_of(parameters: Sequence[str], default: str) -> str:
    """The metric of an index, in upper case."""
    return parameters_of(parameters).get("metric_type", default).upper()
