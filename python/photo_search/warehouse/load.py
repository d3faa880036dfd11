"""Bring Parquet into the source tables of a dbt target: all of them, or none."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
import pyarrow.parquet as pq
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as ClientError
from dbt.contracts.graph.nodes import SourceDefinition

from photo_search.embedding.version import VERSION_KEY
from photo_search.errors import WarehouseError
from photo_search.warehouse.origin import is_remote, table_function, without_secrets
from photo_search.warehouse.project import Project

LOADING = "__loading"
MADE_BY_THE_LOAD = ("load_id", "loaded_at", "row_hash")
# On two cores merges would take time from the build, which reads a source from end to end anyway.
SELDOM_MERGED = " settings min_parts_to_merge_at_once = 100"
# What an insert may hold in memory: parts of 64 MiB, and 256 MiB of Parquet that is read ahead; a
# mapped file would be held whole.
SPARING = {
    "min_insert_block_size_rows": 1 << 18,
    "min_insert_block_size_bytes": 1 << 26,
    "storage_file_read_method": "pread",
    "input_format_parquet_memory_high_watermark": 1 << 28,  # ClickHouse 25.8 and later
}


@dataclass(frozen=True)
class SourceTable:
    """A table of models/staging/unsplash/_unsplash__sources.yml and the file that fills it."""

    database: str
    name: str
    columns: dict[str, str]
    order_by: str
    data: str
    file: str
    is_embedded: bool  # whether the engine runs in this process and reads files by itself

    @property
    def columns_of_the_file(self) -> dict[str, str]:
        return {name: t for name, t in self.columns.items() if name not in MADE_BY_THE_LOAD}

    @property
    def row_hash(self) -> str:
        """A number for the row's content; an empty text and none are the same."""
        cells = ", ".join(
            f"ifNull(`{column}`, '')" if "Nullable(String)" in data_type else f"`{column}`"
            for column, data_type in self.columns_of_the_file.items()
        )
        return f"cityHash64({cells})"

    @property
    def origin(self) -> str:
        """The file as a table function."""
        return table_function(self.data, self.file, self.columns_of_the_file)

    @property
    def relation(self) -> str:
        return f"`{self.database}`.`{self.name}`"

    @property
    def loading(self) -> str:
        return f"`{self.database}`.`{self.name}{LOADING}`"


def load(project: Project, data: str) -> dict[str, int]:
    """Replace the source tables of `project`'s target by the Parquet files in `data`.

    `data` is a folder, whose files are sent to the server, or an address that it reads by itself.
    Every table is filled under another name and compared with its file: by count, and by checksum
    if the rows went over a network. Then all are swapped in one statement, so that a failed load
    changes nothing. Returns the number of rows by table. Raises WarehouseError: a file is missing
    or unreadable, or the engine refuses, or holds other rows than the file.
    """
    with project.open() as warehouse:
        tables = [
            _source_table(source, data, warehouse.is_embedded)
            for source in warehouse.manifest.sources.values()
            if source.source_name == "unsplash"
        ]
        try:
            return _replace(warehouse.client, tables)
        except ClientError as error:
            text = f"The load failed; either all tables are new or none is: {error}"
            raise WarehouseError(without_secrets(text)) from None


def _replace(client: Client, tables: list[SourceTable]) -> dict[str, int]:
    load_id = uuid.uuid4().hex
    try:
        count_rows = {table.name: _fill(client, table, load_id) for table in tables}
        _swap(client, tables)
        return count_rows
    finally:
        for table in tables:
            client.command(f"drop table if exists {table.loading}")


def _source_table(source: SourceDefinition, data: str, is_embedded: bool) -> SourceTable:
    file = source.meta["file"]
    if not is_remote(data):
        _check_file(Path(data) / file, has_vectors="embedding_version" in source.columns)
    columns = {column.name: str(column.data_type) for column in source.columns.values()}
    return SourceTable(
        source.schema, source.identifier, columns, source.meta["order_by"], data, file, is_embedded
    )


def _check_file(file: Path, has_vectors: bool) -> None:
    try:
        parquet = pq.read_metadata(file)
    except (OSError, ValueError) as error:
        raise WarehouseError(
            f"{file} cannot be read ({error}). Run `photo-search embed` to write it, "
            "or name the folder that holds it with --data."
        ) from error
    if has_vectors:
        _check_embedding_version(file, parquet)


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


def _fill(client: Client, table: SourceTable, load_id: str) -> int:
    """The number of rows of the file, now in `table.loading` too."""
    client.command(f"create database if not exists `{table.database}`")
    client.command(f"drop table if exists {table.loading}")
    settings = SELDOM_MERGED if table.is_embedded else ""
    for name in (table.relation, table.loading):
        client.command(_create_table(table, name, load_id, settings))
    columns = table.columns_of_the_file
    sparing = {name: value for name, value in SPARING.items() if name in client.server_settings}
    if _reads_by_itself(table):
        names = ", ".join(f"`{column}`" for column in columns)
        insert = f"insert into {table.loading} ({names}) select {names} from {table.origin}"
        client.command(insert, settings=sparing)
    else:
        with (Path(table.data) / table.file).open("rb") as parquet:
            client.raw_insert(table.loading, list(columns), parquet, sparing, fmt="Parquet")
    count = _count_of_same_rows(client, table)
    if is_remote(table.data) and "embedding_version" in columns:
        _check_one_version(client, table)
    return count


def _count_of_same_rows(client: Client, table: SourceTable) -> int:
    """The number of rows of the file; as many arrived and, if over a network, the same ones."""
    is_local = table.is_embedded and not is_remote(table.data)
    content = "count()" if is_local else f"count(), sum({table.row_hash})"
    with _reader(client, table) as reader:
        [sent] = reader.query(f"select {content} from {table.origin}").result_rows
    [arrived] = client.query(f"select {content} from {table.loading}").result_rows
    if arrived != sent:
        raise WarehouseError(
            f"{table.data}/{table.file} has {_rows(sent)}, but {_rows(arrived)} arrived. "
            "Nothing changed; load again."
        )
    return int(arrived[0])


def _rows(content: Sequence[int]) -> str:
    return " rows with the checksum ".join(map(str, content))


def _check_one_version(client: Client, table: SourceTable) -> None:
    """As _check_embedding_version(), for a file whose metadata nobody here can read."""
    versions = f"select distinct embedding_version from {table.loading} order by 1 limit 9"
    found = [str(version) for (version,) in client.query(versions).result_rows]
    if len(found) > 1:
        raise WarehouseError(
            f"{table.data}/{table.file} must hold vectors of one embedding version. "
            f"Found: {', '.join(found)}. Nothing changed."
        )


def _reads_by_itself(table: SourceTable) -> bool:
    return is_remote(table.data) or table.is_embedded


@contextmanager
def _reader(client: Client, table: SourceTable) -> Iterator[Client]:
    """An engine that can read the table's origin: the server, or for a file one in this process."""
    if _reads_by_itself(table):
        yield client
        return
    here = clickhouse_connect.get_client(interface="chdb")
    try:
        yield here
    finally:
        here.close()


def _create_table(table: SourceTable, name: str, load_id: str, settings: str) -> str:
    defaults = {
        "load_id": f"default '{load_id}'",
        "loaded_at": "default now()",
        "row_hash": f"default {table.row_hash}",
    }
    columns = ", ".join(
        f"`{column}` {data_type} {defaults.get(column, '')}".rstrip()
        for column, data_type in table.columns.items()
    )
    return (
        f"create table if not exists {name} ({columns}) "
        f"engine = MergeTree order by {table.order_by}{settings}"
    )


def _swap(client: Client, tables: list[SourceTable]) -> None:
    pairs = ", ".join(f"{table.relation} and {table.loading}" for table in tables)
    client.command(f"exchange tables {pairs}")
