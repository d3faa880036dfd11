"""dbt-clickhouse with Python models, which run in dbt's process and exchange rows as Arrow."""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from clickhouse_connect.driver.binding import format_str, quote_identifier
from clickhouse_connect.driver.client import Client
from dbt.adapters.base.meta import available
from dbt.adapters.clickhouse.connections import ClickHouseConnectionManager
from dbt.adapters.clickhouse.impl import ClickHouseAdapter
from dbt.adapters.clickhouse.relation import ClickHouseRelation
from dbt.adapters.contracts.connection import AdapterRequiredConfig, AdapterResponse
from dbt_common.exceptions import DbtRuntimeError

from dbt.adapters.clickhouse_python.arrow import (
    are_plain,
    blocks,
    clickhouse_type,
    fitted,
    in_arrow_types,
)
from dbt.adapters.clickhouse_python.connections import ClickHousePythonConnectionManager
from dbt.adapters.clickhouse_python.python_model import PythonModel
from dbt.adapters.clickhouse_python.session import Session

if TYPE_CHECKING:
    from agate import Table  # type: ignore[import-untyped]


class ModelRows(AdapterResponse):
    """The rows of a running model.

    `columns` is a select statement without rows. It has the columns of the model. `blocks` reads
    the rows from the model one block at a time, and checks them against these columns.
    """

    def __init__(self, model: PythonModel, columns: str, blocks: Iterator[pa.Table]) -> None:
        super().__init__("The model runs")
        self.model = model
        self.columns = columns
        self.blocks = blocks


class ClickHouse_PythonAdapter(ClickHouseAdapter):
    """dbt-clickhouse that also runs Python models. The rows of a model fill a staged table.

    The class name has an underscore because dbt derives the name of the package from it.
    """

    ConnectionManager: type[ClickHouseConnectionManager] = ClickHousePythonConnectionManager
    is_embedded: bool = False  # whether the engine runs in this process

    def __init__(self, config: AdapterRequiredConfig, mp_context: SpawnContext) -> None:
        super().__init__(config, mp_context)
        self._started_in = Path.cwd()  # dbt later changes to the project's folder
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A table may contain "…", which would stop an output that can only show ASCII.
            sys.stdout.reconfigure(errors="backslashreplace")

    @available
    def output_path(self, path: str) -> str:
        """The file that a user means by `path`: relative to the folder where dbt was started.

        `~` is the home of the user. Raises DbtRuntimeError for the home of an unknown user.
        """
        expanded = os.path.expanduser(path)
        if expanded.startswith("~"):
            raise DbtRuntimeError(
                f"`out` must not begin with the home of an unknown user. Got: {path}"
            )
        return str(self._started_in / expanded)

    @available
    def print_rows(self, rows: "Table", output: str) -> None:
        """Print rows as `json`, as `csv` or for people, and end quietly when nobody reads on."""
        try:
            if output == "json":
                rows.print_json()
                print()
            elif output == "csv":
                rows.print_csv()
            else:
                rows.print_table(
                    max_rows=None, max_columns=None, max_column_width=80, max_precision=6
                )
                if not rows.rows:
                    print("No rows.")
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still in the buffer would fail again when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    @property
    def client(self) -> Client:
        """The clickhouse-connect client of this thread."""
        client: Client = self.connections.get_thread_connection().handle._client
        return client

    @contextmanager
    def arrow_stream(self, query: str) -> Iterator[Iterable[pa.RecordBatch]]:
        """The rows of `query`. They have their own connection, because the model's connection
        writes.
        """
        connection = self.connections.get_thread_connection()
        with (
            closing(type(connection.handle)(connection.credentials)) as reader,
            reader._client.query_arrow_stream(query) as stream,
        ):
            yield stream

    @available
    def staged(self, model: ClickHouseRelation) -> ClickHouseRelation:
        """The table that the rows of a model fill."""
        name = f"{model.identifier}__dbt_python"
        staged: ClickHouseRelation = model.incorporate(path={"identifier": name}, type="table")  # type: ignore[no-untyped-call]
        return staged

    @available
    def is_declared(self, model: dict[str, Any]) -> bool:
        """Whether every column in a model's YAML has a data_type.

        This replaces `contract: {enforced: true}`, which dbt-core accepts on SQL models only.
        """
        columns = model["columns"].values()
        return bool(columns) and all(column.get("data_type") for column in columns)

    @available
    @classmethod
    def render_raw_columns_constraints(cls, raw_columns: dict[str, dict[str, Any]]) -> list[str]:
        """Read columns as dbt-clickhouse does, and also `codec` and `ttl` from the `meta` of a
        column.
        """
        columns = {}
        for name, column in raw_columns.items():
            meta = column.get("meta", {})
            columns[name] = {key: meta[key] for key in ("codec", "ttl") if key in meta} | column
        rendered: list[str] = super().render_raw_columns_constraints(columns)
        return rendered

    def submit_python_job(self, parsed_model: dict[str, Any], compiled_code: str) -> ModelRows:
        """Run the model to its first rows. Raises DbtRuntimeError with the line that failed."""
        password = self.connections.get_thread_connection().credentials.password
        model = PythonModel(parsed_model, compiled_code, password)
        with model.errors():
            tables = model.tables(
                Session(self, parsed_model["config"]["meta"].get("frame", "arrow"))
            )
            first = next(tables, None)
            if first is None:
                raise ValueError("a model must yield one table or more, which may be empty")
            types = self._types(parsed_model, first)
            structure = ", ".join(f"{quote_identifier(name)} {types[name]}" for name in types)
            columns = f"select * from null({format_str(structure)})"
            said = columns
            if not are_plain(types.values()):
                said = in_arrow_types(columns, self.get_column_schema_from_query(columns))
            schema = self.client.query_arrow(said).schema
            rows = blocks(fitted(table, schema) for table in chain([first], tables))
            return ModelRows(model, columns, rows)

    @available
    def insert_rows(
        self, relation: ClickHouseRelation, rows: ModelRows, settings: dict[str, Any]
    ) -> None:
        """Run the model to its end. Raises DbtRuntimeError with the line that failed."""
        settings = {"input_format_null_as_default": 0} | settings  # a null in a list is an error
        with rows.model.errors():
            for block in rows.blocks:
                self.client.insert_arrow(str(relation), block, settings=settings)

    def post_model_hook(self, config: Any, context: Any) -> None:
        """Drop the staged table of a model that failed."""
        model: Any = getattr(config, "model", None)  # a test has no model
        if getattr(model, "language", None) == "python":
            staged = self.staged(self.Relation.create_from(self.config, model))
            if self.get_relation("", staged.schema, staged.identifier):
                self.drop_relation(staged)  # type: ignore[no-untyped-call]

    def _types(self, model: dict[str, Any], first: pa.Table) -> dict[str, str]:
        """The types that the YAML declares. Other columns get the type of their values."""
        types = {
            name: column["data_type"]
            for name, column in model["columns"].items()
            if column.get("data_type")
        }
        if not self.is_declared(model):
            if model["constraints"]:
                raise ValueError("constraints need a data_type for every column in the YAML")
            types |= {
                name: clickhouse_type(first[name])
                for name in first.column_names
                if name not in types
            }
        return types
