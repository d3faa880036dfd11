"""The dbt project seen from Python: its sources, its questions and its engine, all through dbt."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as ClientError
from dbt.adapters.base.impl import BaseAdapter
from dbt.adapters.factory import get_adapter, register_adapter, reset_adapters
from dbt.cli.main import dbtRunner
from dbt.config.runtime import RuntimeConfig
from dbt.context.providers import generate_runtime_macro_context
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ManifestNode
from dbt.flags import get_flags
from dbt.mp_context import get_mp_context
from dbt_common.exceptions import CompilationError, DbtBaseException

from photo_search.errors import NotBuiltError, QuestionError, WarehouseError


@dataclass(frozen=True)
class Warehouse:
    """A dbt project on its engine, kept open: dbt has started, a question takes milliseconds.

    Any thread may ask. Each has a connection of its own.
    """

    manifest: Manifest
    adapter: BaseAdapter

    @property
    def client(self) -> Client:
        """The calling thread's client of the engine. Raises WarehouseError if it cannot connect."""
        try:
            connection = self.adapter.acquire_connection("photo-search")
            client: Client = connection.handle._client
        except DbtBaseException as error:
            raise WarehouseError(str(error)) from error
        return client

    @property
    def is_embedded(self) -> bool:
        """Whether the engine runs in this process."""
        return bool(getattr(self.adapter, "is_embedded", False))

    def compile(self, macro: str, **arguments: Any) -> str:
        """The SQL that a macro of the project writes.

        Raises QuestionError (the macro refuses an argument) or WarehouseError.
        """
        self.adapter.acquire_connection("photo-search")
        try:
            return str(self.adapter.execute_macro(macro, kwargs=arguments)).strip()
        except CompilationError as error:
            raise QuestionError(error.msg) from error
        except DbtBaseException as error:
            raise WarehouseError(f"{macro}() cannot be compiled: {error}") from error

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """One dict a row, by column. Raises WarehouseError."""
        with _readable():
            return list(self.client.query(sql).named_results())

    def arrow(self, sql: str) -> pa.Table:
        """All rows as one table. Raises WarehouseError."""
        with _readable():
            return self.client.query_arrow(sql, use_strings=True)

    def relation(self, model: str) -> str:
        """The name of a model's table, ready for SQL."""
        return str(self._node(model).relation_name)

    def source(self, table: str) -> str:
        """The name of a table that `photo-search load` fills, ready for SQL."""
        return str(self.manifest.sources[f"source.photo_search.unsplash.{table}"].relation_name)

    def require_built(self, *models: str) -> None:
        """Raises NotBuiltError, which says how to build the models that have no table."""
        missing = [
            model
            for model in models
            if not self.rows(f"exists table {self.relation(model)}")[0]["result"]
        ]
        if missing:
            raise NotBuiltError(
                f"There is no table for {' or '.join(missing)} yet. "
                f"Run `dbt build --select {' '.join(f'+{model}' for model in missing)}`. "
                "If the search page uses chDB, stop it first."
            )

    @property
    def neighbours_per_photo(self) -> int:
        """How many neighbours of each photo the model photo_neighbours lists."""
        return int(self._node("photo_neighbours").config.meta["top_k"])

    @property
    def near_duplicate_distance(self) -> float:
        """The largest distance of nearly the same pictures. Raises WarehouseError."""
        [row] = self.rows(f"select near_duplicate_distance from {self.relation('vector_health')}")
        return float(row["near_duplicate_distance"])

    def _node(self, model: str) -> ManifestNode:
        return self.manifest.nodes[f"model.photo_search.{model}"]


class Project:
    """A dbt project folder and one of its targets (None: the profile's default)."""

    def __init__(self, folder: Path, target: str | None = None) -> None:
        if not (folder / "dbt_project.yml").is_file():
            raise WarehouseError(
                f"{folder.resolve()} holds no dbt_project.yml. "
                "Start photo-search in the folder of the project, or name it with --project-dir."
            )
        self.folder = folder
        self.target = target

    def manifest(self) -> Manifest:
        """The parsed project. Raises WarehouseError when dbt cannot parse it.

        The profiles.yml of DBT_PROFILES_DIR comes first, then that of the project's folder.
        """
        options = ["--project-dir", str(self.folder)]
        if self.target:
            options += ["--target", self.target]
        if "DBT_PROFILES_DIR" not in os.environ and (self.folder / "profiles.yml").is_file():
            options += ["--profiles-dir", str(self.folder)]
        result = dbtRunner().invoke(["--log-level", "none", "parse", *options])
        if not result.success:
            raise WarehouseError(f"`dbt parse` failed: {result.exception or result.result}")
        assert isinstance(result.result, Manifest)
        return result.result

    @contextmanager
    def open(self) -> Iterator[Warehouse]:
        """The project on its engine, as dbt itself would connect to it.

        One at a time in a process. Raises WarehouseError: dbt cannot parse the project, or the
        engine cannot be reached, which also means a chDB directory that another process holds.
        """
        manifest = self.manifest()  # sets the flags by which dbt finds the profile
        config = RuntimeConfig.from_args(get_flags())  # type: ignore[no-untyped-call]
        register_adapter(config, get_mp_context())
        adapter = get_adapter(config)
        adapter.set_macro_resolver(manifest)
        adapter.set_macro_context_generator(generate_runtime_macro_context)
        warehouse = Warehouse(manifest, adapter)
        try:
            warehouse.client  # noqa: B018 (connects now, so that an error comes here)
            yield warehouse
        finally:
            # Connections are closed, and the next project gets an adapter of its own.
            reset_adapters()  # type: ignore[no-untyped-call]


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise WarehouseError(
            f"The tables cannot be read: {str(error).strip()}\n"
            "If they were never made: run `photo-search load`, then `dbt build`."
        ) from error
