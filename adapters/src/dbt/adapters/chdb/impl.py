from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import pyarrow as pa

from dbt.adapters.chdb.connections import ChdbConnectionManager
from dbt.adapters.chdb.engine import chdb
from dbt.adapters.clickhouse_python.impl import ClickHouse_PythonAdapter

ROWS_PER_BATCH = 8192  # by default, chDB returns a million rows at once


class ChdbAdapter(ClickHouse_PythonAdapter):
    """dbt-clickhouse on an engine inside this process. Only the connection differs."""

    ConnectionManager = ChdbConnectionManager
    is_embedded = True

    @contextmanager
    def arrow_stream(self, query: str) -> Iterator[Iterable[pa.RecordBatch]]:
        """Read through chDB's stream. clickhouse-connect would hold the whole answer."""
        credentials = self.connections.get_thread_connection().credentials
        engine = chdb.connect(credentials.directory)  # type: ignore[no-untyped-call]
        with closing(engine), engine.send_query(query, "Arrow") as stream:
            yield stream.record_batch(rows_per_batch=ROWS_PER_BATCH)
