"""The session of a Python model, and the types of both arguments of model(dbt, session)."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa
from clickhouse_connect.driver.client import Client
from dbt.adapters.clickhouse.column import ClickHouseColumn

from dbt.adapters.clickhouse_python.arrow import in_arrow_types, with_vectors

FRAMES = ("arrow", "pandas", "batches", "relation")


class Config(Protocol):
    """dbt.config. A call sets the model's config. get() and meta_get() read it."""

    def __call__(self, **settings: Any) -> object: ...

    def get(self, key: str, default: Any = None) -> Any: ...

    def meta_get(self, key: str, default: Any = None) -> Any: ...


class Dbt(Protocol):
    """The first argument of a Python model. dbt-core writes this object into the model's code.

    ref() and source() return rows in the form that the config `frame` names. See Session.
    """

    @property
    def config(self) -> Config: ...

    @property
    def this(self) -> object: ...

    @property
    def is_incremental(self) -> bool: ...

    def ref(self, *names: str, **options: Any) -> Any: ...

    def source(self, *names: str) -> Any: ...


class Engine(Protocol):
    """What a session needs from the adapter."""

    @property
    def client(self) -> Client: ...

    def arrow_stream(self, query: str) -> AbstractContextManager[Iterable[pa.RecordBatch]]: ...

    def get_column_schema_from_query(self, sql: str) -> list[ClickHouseColumn]: ...


class Session:
    """Reads rows in the form that `frame` in the model's `meta` names.

    - arrow: a pyarrow Table.
    - pandas: a DataFrame.
    - batches: an iterator of pyarrow RecordBatches. The model holds one at a time.
    - relation: dbt.ref() and dbt.source() return only the table's name, for use in a select
      statement. Its rows come as a pyarrow Table.

    Vectors are fixed-size lists.
    """

    def __init__(self, engine: Engine, frame: str) -> None:
        if frame not in FRAMES:
            raise ValueError(f"`frame` must be one of {', '.join(FRAMES)}. Got: {frame}")
        self._engine = engine
        self._frame = frame

    def table(self, relation: str) -> Any:
        """All rows of a table or view, as dbt.ref() and dbt.source() return them."""
        if self._frame == "relation":
            return relation
        return self.sql(f"select * from {relation}")

    def sql(self, query: str) -> Any:
        """The rows of a select statement."""
        query = in_arrow_types(query, self._engine.get_column_schema_from_query(query))
        if self._frame == "batches":
            return self._batches(query)
        table = with_vectors(self._engine.client.query_arrow(query))
        return table.to_pandas() if self._frame == "pandas" else table

    def _batches(self, query: str) -> Iterator[pa.RecordBatch]:
        with self._engine.arrow_stream(query) as stream:
            for batch in stream:
                yield from with_vectors(pa.Table.from_batches([batch])).to_batches()
