"""What a Python model asks the warehouse with: the second argument of model(dbt, session)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dbt.adapters.clickhouse_python.arrow import in_arrow_types, with_vectors

if TYPE_CHECKING:
    from dbt.adapters.clickhouse_python.impl import ClickHousePythonAdapter

FRAMES = ("arrow", "pandas", "batches", "relation")


class Session:
    """Rows of the warehouse, in the form that the model's config `frame` names.

    arrow: a pyarrow Table; pandas: a DataFrame; batches: an iterator of pyarrow RecordBatches, of
    which the model holds one at a time. relation: dbt.ref() and dbt.source() fetch nothing and
    give the table's name, for a select statement whose rows come as a pyarrow Table.
    Vectors are fixed-size lists.
    """

    def __init__(self, adapter: ClickHousePythonAdapter, frame: str) -> None:
        if frame not in FRAMES:
            raise ValueError(f"`frame` must be one of {', '.join(FRAMES)}. Got: {frame}")
        self._adapter = adapter
        self._frame = frame

    def table(self, relation: str) -> Any:
        """All rows of a table or view, which is what dbt.ref() and dbt.source() give."""
        if self._frame == "relation":
            return relation
        return self.sql(f"select * from {relation}")

    def sql(self, query: str) -> Any:
        """The rows of a select statement."""
        query = in_arrow_types(query, self._adapter.get_column_schema_from_query(query))
        if self._frame == "batches":
            return self._batches(query)
        table = with_vectors(self._adapter.client.query_arrow(query))
        return table.to_pandas() if self._frame == "pandas" else table

    def _batches(self, query: str) -> Iterator[pa.RecordBatch]:
        with self._adapter.arrow_stream(query) as stream:
            for batch in stream:
                yield from with_vectors(pa.Table.from_batches([batch])).to_batches()
