"""dbt-clickhouse with Python models, which run in dbt's own process and exchange Arrow with it."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.client import Client
from dbt.adapters.base.meta import available
from dbt.adapters.clickhouse.connections import ClickHouseConnectionManager
from dbt.adapters.clickhouse.impl import ClickHouseAdapter
from dbt.adapters.clickhouse.relation import ClickHouseRelation
from dbt.adapters.contracts.connection import AdapterResponse

from dbt.adapters.pyclickhouse.arrow import blocks, clickhouse_type, fitted, in_arrow_types
from dbt.adapters.pyclickhouse.connections import PyClickHouseConnectionManager
from dbt.adapters.pyclickhouse.python_model import PythonModel
from dbt.adapters.pyclickhouse.session import Session


class PyClickHouseAdapter(ClickHouseAdapter):
    """The rows of a Python model go into a staged table, from which its materialization selects."""

    ConnectionManager: type[ClickHouseConnectionManager] = PyClickHouseConnectionManager

    @property
    def client(self) -> Client:
        """clickhouse-connect's client of this thread."""
        client: Client = self.connections.get_thread_connection().handle._client
        return client

    @contextmanager
    def arrow_stream(self, query: str) -> Iterator[Iterable[pa.RecordBatch]]:
        """The rows of `query`, read on a connection of its own while the model's one writes."""
        connection = self.connections.get_thread_connection()
        with (
            closing(type(connection.handle)(connection.credentials)) as reader,
            reader._client.query_arrow_stream(query) as stream,
        ):
            yield stream

    @available
    def staged(self, model: ClickHouseRelation) -> ClickHouseRelation:
        """The table in which a model's rows wait."""
        return self.Relation.create(None, model.schema, f"{model.identifier}__dbt_python")

    @available
    def is_declared(self, model: dict[str, Any]) -> bool:
        """Whether every column of a model's YAML has a data_type: a contract, by another name.

        dbt-core accepts `contract: {enforced: true}` on SQL models alone.
        """
        columns = model["columns"].values()
        return bool(columns) and all(column.get("data_type") for column in columns)

    def submit_python_job(
        self, parsed_model: dict[str, Any], compiled_code: str
    ) -> AdapterResponse:
        """Run the model and stage its rows. Raises DbtRuntimeError with the line that failed."""
        password = self.connections.get_thread_connection().credentials.password
        model = PythonModel(parsed_model, compiled_code, password)
        with model.errors():
            session = Session(self, parsed_model["config"].get("frame", "arrow"))
            count_rows = self._stage(parsed_model, model.tables(session))
        return AdapterResponse(_message=f"{count_rows} rows", rows_affected=count_rows)

    def post_model_hook(self, config: Any, context: Any) -> None:
        """Drop the staged table, whether the model was built or not."""
        model: Any = getattr(config, "model", None)  # a test has none
        if getattr(model, "language", None) == "python":
            relation = self.Relation.create(None, model.schema, model.alias)
            self.execute(f"drop table if exists {self.staged(relation)}")

    def _stage(self, model: dict[str, Any], tables: Iterator[pa.Table]) -> int:
        """Fill the staged table, checked like the model's, and count its rows."""
        first = next(tables, None)
        if first is None:
            raise ValueError("a model must yield one table or more, which may be empty")
        staged = self.staged(self.Relation.create(None, model["schema"], model["alias"]))
        self.execute(f"drop table if exists {staged}")
        columns = ", ".join(self._columns_and_constraints(model, first))
        self.execute(f"create table {staged} ({columns}) engine = MergeTree order by tuple()")

        empty = f"select * from {staged} limit 0"
        schema = self.client.query_arrow(
            in_arrow_types(empty, self.get_column_schema_from_query(empty))
        ).schema
        count_rows = 0
        for block in blocks(fitted(table, schema) for table in chain([first], tables)):
            no_defaults = {"input_format_null_as_default": 0}  # a null in a list is an error
            self.client.insert_arrow(str(staged), block, settings=no_defaults)
            count_rows += block.num_rows
        return count_rows

    def _columns_and_constraints(self, model: dict[str, Any], first: pa.Table) -> list[str]:
        """As the YAML declares them; a column that it leaves open has the type of its values."""
        columns = {
            name: column for name, column in model["columns"].items() if "data_type" in column
        }
        if not self.is_declared(model):
            if model["constraints"]:
                raise ValueError("constraints need a data_type for every column in the YAML")
            columns |= {
                name: {"name": name, "data_type": clickhouse_type(first[name])}
                for name in first.column_names
                if name not in columns
            }
        uncompressed = {name: column | {"codec": "NONE"} for name, column in columns.items()}
        return [
            *self.render_raw_columns_constraints(uncompressed),
            *self.render_raw_model_constraints(model["constraints"]),
        ]
