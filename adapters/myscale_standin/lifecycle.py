"""Vector indexes and their builds: part by part, in the background, and sometimes failing.

Nothing here runs in the background. Each look computes the state from the parts that the engine has
and from the clock.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .ddl import IndexDefinition
from .engine import Engine
from .errors import ServerError
from .lexer import Statement
from .local_engine import Move


@dataclass
class Drop:
    """A connection to cut ``before``, ``during`` or ``after`` a request whose SQL matches."""

    pattern: re.Pattern[str]
    when: str
    times: int


@dataclass
class Faults:
    """What goes wrong, and how long a build takes. Tests set this."""

    build_delay_s: float = 0.2
    failures: list[str] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)


@dataclass
class Part:
    """The index of one data part."""

    rows: int
    queued_at: float
    small: bool = False
    built: bool = False
    covered: bool = False
    error: str = ""

    @property
    def searchable(self) -> bool:
        """Whether a search sees this part without brute force."""
        return self.built or self.small or self.covered


@dataclass
class VectorIndex:
    """One index of one table. The table is known by its UUID, so the index survives a rename."""

    table_uuid: str
    definition: IndexDefinition
    metric: str
    dimension: int
    broken: str = ""
    stopped: bool = False
    parts: dict[str, Part] = field(default_factory=dict)

    def status(self) -> str:
        """Built, InProgress or Error, as the server computes it."""
        built = sum(p.built and not p.small for p in self.parts.values())
        small = sum(p.small for p in self.parts.values())
        if built + small == len(self.parts):
            return "Built"
        return "InProgress" if not self.failed_part()[0] else "Error"

    def failed_part(self) -> tuple[str, str]:
        """The name and reason of the latest part that failed and is still not built."""
        failed = [(name, part.error) for name, part in self.parts.items() if part.error]
        return failed[-1] if failed else ("", "")


class TableName(NamedTuple):
    """The current database and name of a table."""

    database: str
    name: str


class Lifecycle:
    """All vector indexes of one server."""

    def __init__(self, engine: Engine, faults: Faults, merges_itself: bool = False) -> None:
        self.merges_itself = merges_itself
        self.engine = engine
        self.faults = faults
        self.indexes: list[VectorIndex] = []
        self.names: dict[str, TableName] = {}
        self.table_settings: dict[str, dict[str, str]] = {}
        self.lock = threading.RLock()
        self._rows: dict[str, dict[str, int]] = {}

    def of_table(self, uuid: str) -> list[VectorIndex]:
        """The indexes of a table."""
        return [index for index in self.indexes if index.table_uuid == uuid]

    def setting(self, uuid: str, name: str, default: str) -> str:
        """The value of a MyScale table setting."""
        return self.table_settings.get(uuid, {}).get(name, default)

    def add(self, index: VectorIndex) -> None:
        """Register an index. Its parts start to build now."""
        with self.lock:
            self.indexes.append(index)
            self.sync()

    def copy(self, from_uuid: str, to_uuid: str) -> None:
        """Copy the definitions, as CREATE TABLE b AS a does."""
        self.table_settings[to_uuid] = dict(self.table_settings.get(from_uuid, {}))
        for index in self.of_table(from_uuid):
            clone = VectorIndex(to_uuid, index.definition, index.metric, index.dimension)
            self.add(clone)

    def follow(self, statement: Statement) -> None:
        """Read the tables and parts again if a statement may have changed them."""
        words = {token.value for token in statement.tokens}
        names = {name.name for name in self.names.values()}
        if words & names or statement.starts("DROP", "DATABASE"):
            self._rows.clear()
            self.sync()

    def sync(self) -> None:
        """Update every index from the tables and parts that exist now, and from the clock."""
        with self.lock:
            uuids = {index.table_uuid for index in self.indexes}
            if self.merges_itself or not uuids <= self._rows.keys():
                self._read_parts()
            for index in self.indexes:
                self._follow_parts(index, self._rows[index.table_uuid])
                self._build(index)

    def _read_parts(self) -> None:
        self._follow_moves()
        uuids = ", ".join(f"'{index.table_uuid}'" for index in self.indexes)
        tables = "SELECT toString(uuid), database, name FROM system.tables"
        found = self.engine.rows(f"{tables} WHERE toString(uuid) IN ({uuids})")
        self.names = {uuid: TableName(database, name) for uuid, database, name in found}
        self.indexes = [i for i in self.indexes if i.table_uuid in self.names]
        self._rows = {uuid: self.parts_of(name) for uuid, name in self.names.items()}

    def parts_of(self, table: TableName) -> dict[str, int]:
        """Active parts with their rows, oldest first. Works without system.parts."""
        source = f"`{table.database}`.`{table.name}`"
        found = self.engine.rows(f"SELECT _part, count() FROM {source} GROUP BY _part")
        ordered = sorted(found, key=lambda row: _Span.of(row[0]).low)
        return {name: int(rows) for name, rows in ordered}

    def _follow_moves(self) -> None:
        """Keep the index of rows that the engine copied into a new table, as a DELETE in MyScale
        does.
        """
        moves: list[Move] = getattr(self.engine, "moves", [])
        while moves:
            move = moves.pop(0)
            if move.old_uuid in self.table_settings:
                self.table_settings[move.new_uuid] = self.table_settings.pop(move.old_uuid)
            for index in self.of_table(move.old_uuid):
                index.table_uuid = move.new_uuid
                old = index.parts
                index.parts = {n: old[o] for n, o in move.parts.items() if o in old}

    def _follow_parts(self, index: VectorIndex, rows: dict[str, int]) -> None:
        smallest = int(self.setting(index.table_uuid, "min_rows_to_build_vector_index", "0"))
        known, index.parts = index.parts, {}
        for name, count in rows.items():
            span = _Span.of(name)
            same = next((p for n, p in known.items() if _Span.of(n) == span), None)
            if same:
                same.rows = count
            merged = [p for n, p in known.items() if span.covers(_Span.of(n))]
            index.parts[name] = same or Part(
                count,
                time.monotonic(),
                small=count < smallest,
                covered=bool(merged) and all(p.searchable for p in merged),
            )

    def _build(self, index: VectorIndex) -> None:
        """End the builds whose time is over."""
        for part in index.parts.values():
            waiting = not (part.built or part.small or part.error or index.stopped)
            if not waiting or time.monotonic() - part.queued_at < self.faults.build_delay_s:
                continue
            if index.broken or self.faults.failures:
                part.error = index.broken or self.faults.failures.pop(0)
            else:
                part.built = True

    def requeue(self, indexes: list[VectorIndex] | None = None) -> None:
        """Restart unfinished builds, as after a restart or SYSTEM START."""
        for index in self.indexes if indexes is None else indexes:
            for part in index.parts.values():
                part.queued_at = time.monotonic()

    def wait(self, uuid: str, is_stopped: Callable[[], bool]) -> None:
        """SYSTEM WAIT BUILDING VECTOR INDICES. Raises ServerError if a build failed."""
        while not is_stopped():
            self.sync()
            states = {index.status() for index in self.of_table(uuid)}
            if "Error" in states:
                reason = next(i.failed_part()[1] for i in self.of_table(uuid) if i.failed_part()[0])
                raise ServerError(20001, f"Vector index build failed: {reason}")
            if states <= {"Built"}:
                return
            time.sleep(0.02)

    # ------------------------------------------------------------ system tables

    def vector_indices(self) -> list[list[Any]]:
        """Rows of system.vector_indices."""
        self.sync()
        return [
            [
                *self.names[index.table_uuid],
                index.definition.name,
                index.definition.type,
                index.definition.expr,
                len(index.parts),
                sum(part.built and not part.small for part in index.parts.values()),
                sum(part.small for part in index.parts.values()),
                index.status(),
                "standin%2D1:9000",
                *index.failed_part(),
            ]
            for index in self.indexes
        ]

    def vector_index_segments(self) -> list[list[Any]]:
        """Rows of system.vector_index_segments."""
        self.sync()
        return [
            [
                *self.names[index.table_uuid],
                name,
                name,
                number,
                index.definition.name,
                index.definition.type,
                index.dimension,
                *self._segment(index, part),
            ]
            for index in self.indexes
            for number, (name, part) in enumerate(index.parts.items())
        ]

    def _segment(self, index: VectorIndex, part: Part) -> list[Any]:
        """status, total_vectors, memory and disk bytes, progress, elapsed, error."""
        elapsed = time.monotonic() - part.queued_at
        delay = self.faults.build_delay_s
        share = 0.0 if math.isinf(delay) else min(1.0, elapsed / delay) if delay else 1.0
        status = (
            "SMALL_PART" if part.small
            else "BUILT" if part.built
            else "ERROR" if part.error
            else "PENDING" if index.stopped
            else "BUILDING"
        )  # fmt: skip
        size = part.rows * index.dimension * 4 if part.built else 0
        progress = 100 if part.built else int(share * 99)
        return [status, part.rows, size, size, progress, int(elapsed), part.error]


class _Span(NamedTuple):
    """The partition, block range and level in a part name. A mutation changes none of them."""

    partition: str
    low: int
    high: int
    level: int

    @classmethod
    def of(cls, part: str) -> _Span:
        match = re.match(r"(.+?)_(\d+)_(\d+)_(\d+)(?:_\d+)?$", part)
        if match is None:
            raise ValueError(f"not a part name: {part}")
        return cls(match[1], *(int(match[n]) for n in (2, 3, 4)))

    def covers(self, other: _Span) -> bool:
        within = self.low <= other.low and other.high <= self.high and self.level > other.level
        return self.partition == other.partition and within


INDICES_STRUCTURE = (
    "database String, table String, name String, type String, expr String, total_parts Int64, "
    "parts_with_vector_index Int64, small_parts Int64, status String, host_name String, "
    "latest_failed_part String, latest_fail_reason String"
)
SEGMENTS_STRUCTURE = (
    "database String, table String, part String, owner_part String, owner_part_id Int32, "
    "name String, type String, dimension Int32, status String, total_vectors UInt64, "
    "memory_usage_bytes UInt64, disk_usage_bytes UInt64, progress UInt8, elapsed UInt64, "
    "error String"
)
