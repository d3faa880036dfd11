"""Bring Parquet into the source tables of a dbt target: all of them, or none."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as ClientError
from dbt.contracts.graph.nodes import SourceDefinition

from photo_search.errors import WarehouseError
from photo_search.pipeline.parquet import VERSION_KEY
from photo_search.warehouse.project import Project

LOADING = "__loading"
MADE_BY_THE_LOAD = ("load_id", "loaded_at")


@dataclass(frozen=True)
class SourceTable:
    """A table of models/staging/unsplash/_unsplash__sources.yml and the file that fills it."""

    database: str
    name: str
    columns: dict[str, str]
    order_by: str
    file: Path
    count_rows: int

    @property
    def columns_of_the_file(self) -> list[str]:
        return [column for column in self.columns if column not in MADE_BY_THE_LOAD]

    @property
    def relation(self) -> str:
        return f"`{self.database}`.`{self.name}`"

    @property
    def loading(self) -> str:
        return f"`{self.database}`.`{self.name}{LOADING}`"


def load(project: Project, data: Path) -> dict[str, int]:
    """Replace the source tables of `project`'s target by the Parquet files in `data`.

    Every table is filled under another name and counted; then all are swapped in one statement,
    so that a failed load changes nothing. Returns the number of rows by table.
    Raises WarehouseError: a file is missing or unreadable, or the engine refuses or miscounts.
    """
    tables = [
        _source_table(source, data)
        for source in project.manifest().sources.values()
        if source.source_name == "unsplash"
    ]
    with project.connection() as client:
        try:
            _replace(client, tables)
        except ClientError as error:
            raise WarehouseError(
                f"The load failed; either all tables are new or none is: {error}"
            ) from error
    return {table.name: table.count_rows for table in tables}


def _replace(client: Client, tables: list[SourceTable]) -> None:
    try:
        _fill(client, tables)
        _swap(client, tables)
    finally:
        for table in tables:
            client.command(f"drop table if exists {table.loading}")


def _source_table(source: SourceDefinition, data: Path) -> SourceTable:
    file = data / source.meta["file"]
    try:
        parquet = pq.read_metadata(file)
    except (OSError, ValueError) as error:
        raise WarehouseError(
            f"{file} cannot be read ({error}). Run `photo-search embed` to write it, "
            "or name the folder that holds it with --data."
        ) from error
    if "embedding_version" in source.columns:
        _check_embedding_version(file, parquet)
    columns = {column.name: str(column.data_type) for column in source.columns.values()}
    return SourceTable(
        source.schema, source.identifier, columns, source.meta["order_by"], file, parquet.num_rows
    )


def _check_embedding_version(file: Path, parquet: pq.FileMetaData) -> None:
    """Vectors of two versions cannot be compared: the file must name one, and hold no other."""
    named = (parquet.metadata or {}).get(VERSION_KEY, b"").decode()
    column = parquet.schema.names.index("embedding_version")
    groups = (parquet.row_group(n).column(column) for n in range(parquet.num_row_groups))
    found = {v for group in groups for v in (group.statistics.min, group.statistics.max)}
    if found - {named}:
        raise WarehouseError(
            f"{file} must hold vectors of one embedding version, the one its metadata names "
            f"({named or 'none'}). Found: {', '.join(sorted(found))}. "
            "Run `photo-search embed --re-embed` to write it anew."
        )


def _fill(client: Client, tables: list[SourceTable]) -> None:
    load_id = uuid.uuid4().hex
    for table in tables:
        client.command(f"create database if not exists `{table.database}`")
        client.command(f"drop table if exists {table.loading}")
        for name in (table.relation, table.loading):
            client.command(_create_table(table, name, load_id))
        with table.file.open("rb") as parquet:
            client.raw_insert(table.loading, table.columns_of_the_file, parquet, fmt="Parquet")
        counted = client.command(f"select count() from {table.loading}")
        if counted != table.count_rows:
            raise WarehouseError(
                f"{table.file} has {table.count_rows} rows, but {counted} arrived. Nothing changed."
            )


def _create_table(table: SourceTable, name: str, load_id: str) -> str:
    defaults = {"load_id": f"default '{load_id}'", "loaded_at": "default now()"}
    columns = ", ".join(
        f"`{column}` {data_type} {defaults.get(column, '')}".rstrip()
        for column, data_type in table.columns.items()
    )
    return (
        f"create table if not exists {name} ({columns}) "
        f"engine = MergeTree order by {table.order_by}"
    )


def _swap(client: Client, tables: list[SourceTable]) -> None:
    pairs = ", ".join(f"{table.relation} and {table.loading}" for table in tables)
    client.command(f"exchange tables {pairs}")
