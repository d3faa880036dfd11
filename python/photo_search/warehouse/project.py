"""The dbt project seen from Python: its sources, queries and connection, all through dbt."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client
from dbt.adapters.contracts.connection import Connection, ConnectionState, Identifier
from dbt.adapters.factory import FACTORY
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.config.runtime import load_profile
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import SqlNode
from dbt_common.exceptions import DbtBaseException

from photo_search.errors import WarehouseError


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
        """The parsed project. Raises WarehouseError when dbt cannot parse it."""
        manifest = self._dbt("parse").result
        assert isinstance(manifest, Manifest)
        return manifest

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of `sql`, in which dbt resolves ref() and macros; one dict a row, by column."""
        compiled = self._dbt("compile", "--inline", sql).result
        assert isinstance(compiled, RunExecutionResult)
        [query] = compiled.results
        assert isinstance(query.node, SqlNode)
        with self.connection() as client:
            return list(client.query(query.node.compiled_code).named_results())

    @contextmanager
    def connection(self) -> Iterator[Client]:
        """A client of the target's engine, its settings read by dbt from the profile alone."""
        try:
            self._dbt("parse")  # sets the flags by which dbt finds the profile
            credentials = load_profile(str(self.folder), {}, None, self.target).credentials
            manager = FACTORY.get_adapter_class_by_name(credentials.type).ConnectionManager
            opened = manager.open(
                Connection(Identifier(credentials.type), "photo-search", credentials)
            )
        except DbtBaseException as error:
            raise WarehouseError(str(error)) from error
        assert opened.state == ConnectionState.OPEN
        try:
            yield opened.handle._client
        finally:
            opened.handle.close()

    def _dbt(self, command: str, *arguments: str) -> dbtRunnerResult:
        target = ["--target", self.target] if self.target else []
        result = dbtRunner().invoke(
            ["--log-level", "none", command, "--project-dir", str(self.folder), *target, *arguments]
        )
        if not result.success:
            raise WarehouseError(f"`dbt {command}` failed: {result.exception or result.result}")
        return result
