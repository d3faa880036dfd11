"""Bring Parquet into the source tables of a dbt target: all of them, or none."""

import uuid
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import clickhouse_connect
import pyarrow.parquet as pq
from clickhouse_connect.driver.binding import format_str, quote_identifier
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as ClientError
from dbt.contracts.graph.nodes import SourceDefinition

from photo_search.errors import WarehouseError
from photo_search.ingest.embedding.version import VERSION_KEY
from photo_search.load.origin import is_remote, open_file, remote_file, without_secrets
from photo_search.warehouse import Project

LOADING = "__loading"
MADE_BY_THE_LOAD = ("load_id", "loaded_at", "row_hash")
# On two cores merges would take time from the build, which reads a source from end to end anyway.
RARELY_MERGED = " settings min_parts_to_merge_at_once = 100"
# What an insert may hold in memory: blocks of 64 MiB, and 256 MiB of Parquet that is read ahead. A
# mapped file would be held whole.
MEMORY_LIMITS = {
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
    may_become_empty: bool
    data: str
    file: str
    parquet: BufferedReader | None  # the file, open; None if the server reads it from an address
    is_embedded: bool  # whether the engine runs in this process and reads files by itself

    @property
    def columns_of_the_file(self) -> dict[str, str]:
        return {name: t for name, t in self.columns.items() if name not in MADE_BY_THE_LOAD}

    @property
    def row_hash(self) -> str:
        """A number for the row's content. An empty text and none are the same."""
        cells = ", ".join(
            f"ifNull(`{column}`, '')" if "Nullable(String)" in data_type else f"`{column}`"
            for column, data_type in self.columns_of_the_file.items()
        )
        return f"cityHash64({cells})"

    @property
    def origin(self) -> str:
        """The file as a table function."""
        if self.parquet:
            return open_file(self.parquet, self.columns_of_the_file)
        return remote_file(self.data, self.file, self.columns_of_the_file)

    @property
    def relation(self) -> str:
        return f"{quote_identifier(self.database)}.{quote_identifier(self.name)}"

    @property
    def loading(self) -> str:
        return f"{quote_identifier(self.database)}.{quote_identifier(self.name + LOADING)}"


def load(project: Project, data: str, may_be_emptied: Collection[str] = ()) -> dict[str, int]:
    """Replace the source tables of `project`'s target by the Parquet files in `data`.

    `data` is a folder, whose files are sent to the server, or an address that it reads by itself.
    Every table is filled under another name and compared with its file: by count, and by checksum
    if the rows went over a network. Then all are swapped in one statement, so that a failed load
    changes nothing. Returns the number of rows by table. Raises WarehouseError: a file is missing,
    damaged or empty while its table is not and is not in `may_be_emptied`, or the engine refuses,
    or holds other rows than the file.
    """
    with project.open() as warehouse, ExitStack() as files:
        tables = [
            _source_table(source, data, files, warehouse.is_embedded)
            for source in warehouse.manifest.sources.values()
            if source.source_name == "unsplash"
        ]
        if unknown := set(may_be_emptied) - {table.name for table in tables}:
            raise WarehouseError(
                f"There is no source table {', '.join(sorted(unknown))}. "
                f"Name one of these with --allow-empty: {', '.join(t.name for t in tables)}."
            )
        try:
            return _replace(warehouse.client, tables, may_be_emptied)
        except ClientError as error:
            text = f"The load failed; either all tables are new or none is: {error}"
            raise WarehouseError(without_secrets(text)) from None


def _replace(
    client: Client, tables: list[SourceTable], may_be_emptied: Collection[str]
) -> dict[str, int]:
    load_id = uuid.uuid4().hex
    try:
        count_rows = {}
        for table in tables:
            count_rows[table.name] = _fill(client, table, load_id)
            if count_rows[table.name] == 0 and table.name not in may_be_emptied:
                _check_not_emptied(client, table)
        pairs = ", ".join(f"{table.relation} and {table.loading}" for table in tables)
        client.command(f"exchange tables {pairs}")
        return count_rows
    finally:
        for table in tables:
            client.command(f"drop table if exists {table.loading}")


def _source_table(
    source: SourceDefinition, data: str, files: ExitStack, is_embedded: bool
) -> SourceTable:
    file = source.meta["file"]
    table = SourceTable(
        source.schema,
        source.identifier,
        {column.name: str(column.data_type) for column in source.columns.values()},
        source.meta["order_by"],
        source.meta.get("may_become_empty", False),
        data,
        file,
        None if is_remote(data) else _open(Path(data) / file, files),
        is_embedded,
    )
    if table.parquet:
        _check_file(Path(data) / file, table.parquet, table.columns_of_the_file)
    return table


def _open(path: Path, files: ExitStack) -> BufferedReader:
    try:
        return files.enter_context(path.open("rb"))
    except OSError as error:
        raise WarehouseError(
            f"{path} cannot be read ({error.strerror}). Run `photo-search embed` to write it, "
            "or name the folder that holds it with --data."
        ) from error


def _check_file(path: Path, file: BufferedReader, columns: Collection[str]) -> None:
    """Read the file once: ClickHouse ignores page checksums, and fills what is missing."""
    try:
        parquet = pq.ParquetFile(file, page_checksum_verification=True)
        missing = [name for name in columns if name not in parquet.schema_arrow.names]
        for _ in parquet.iter_batches():
            pass
    except (OSError, ValueError) as error:
        raise WarehouseError(
            f"{path} cannot be read: it is damaged or not a Parquet file ({error}). "
            "Run `photo-search embed` to write it again, or name another folder with --data."
        ) from error
    if missing:
        raise WarehouseError(
            f"{path} must have the columns of the source table. Missing: {', '.join(missing)}. "
            "Run `photo-search embed` to write it again, or name another folder with --data."
        )
    if "embedding_version" in columns:
        _check_embedding_version(path, parquet.metadata)


def _check_not_emptied(client: Client, table: SourceTable) -> None:
    count = int(str(client.command(f"select count() from {table.relation}")))
    if count and not table.may_become_empty:
        raise WarehouseError(
            f"{table.data}/{table.file} has no rows, and the table {table.name} has {count}. "
            "Nothing changed. To empty the table, say so: "
            f"photo-search load --allow-empty {table.name}"
        )


def _check_embedding_version(file: Path, parquet: pq.FileMetaData) -> None:
    """Vectors of two versions cannot be compared: the file must name one, and hold no other."""
    named = (parquet.metadata or {}).get(VERSION_KEY, b"").decode()
    column = parquet.schema.names.index("embedding_version")
    groups = (parquet.row_group(n).column(column) for n in range(parquet.num_row_groups))
    statistics = [group.statistics for group in groups if group.statistics]
    found = {v for s in statistics for v in (s.min, s.max)}
    if found - {named}:
        raise WarehouseError(
            f"{file} must hold vectors of one embedding version, the one its metadata names "
            f"({named or 'none'}). Found: {', '.join(sorted(found))}. "
            "Run `photo-search embed --re-embed` to write it again."
        )


def _fill(client: Client, table: SourceTable, load_id: str) -> int:
    """The number of rows of the file, now in `table.loading` too."""
    client.command(f"create database if not exists {quote_identifier(table.database)}")
    client.command(f"drop table if exists {table.loading}")
    settings = RARELY_MERGED if table.is_embedded else ""
    for name in (table.relation, table.loading):
        client.command(_create_table(table, name, load_id, settings))
    columns = table.columns_of_the_file
    limits = {
        name: value for name, value in MEMORY_LIMITS.items() if name in client.server_settings
    }
    if _reads_by_itself(table):
        names = ", ".join(f"`{column}`" for column in columns)
        insert = f"insert into {table.loading} ({names}) select {names} from {table.origin}"
        client.command(insert, settings=limits)
    elif table.parquet:
        table.parquet.seek(0)
        client.raw_insert(table.loading, list(columns), table.parquet, limits, fmt="Parquet")
    content = client.query(f"select count(), sum(row_hash) from {table.loading}").result_rows[0]
    _compare(client, table, content)
    if "embedding_version" in columns:
        _check_one_version(client, table)
    note = format_str(f"photo-search load: {_rows(content)}")
    client.command(f"alter table {table.loading} modify comment {note}")
    return int(content[0])


def _compare(client: Client, table: SourceTable, arrived: Sequence[int]) -> None:
    """Raise WarehouseError if not all rows arrived or, over a network, not the same ones.

    The count of a file here is what the file says of itself, not what an engine found in it.
    """
    sent = [pq.read_metadata(table.parquet).num_rows] if table.parquet else []
    if not (table.parquet and table.is_embedded):
        with _reader(client, table) as reader:
            content = "sum(hash)" if sent else "count(), sum(hash)"
            rows = f"select {table.row_hash} as hash from {table.origin}"
            sent += reader.query(f"select {content} from ({rows})").result_rows[0]
    if list(arrived[: len(sent)]) != sent:
        raise WarehouseError(
            f"{table.data}/{table.file} has {_rows(sent)}, "
            f"but {_rows(arrived[: len(sent)])} arrived. Nothing changed; load again."
        )


def _rows(content: Sequence[int]) -> str:
    return " rows with the checksum ".join(map(str, content))


def _check_one_version(client: Client, table: SourceTable) -> None:
    """As _check_embedding_version(), for a file whose metadata only the server can read."""
    versions = f"select distinct embedding_version from {table.loading} order by 1 limit 9"
    found = [str(version) for (version,) in client.query(versions).result_rows]
    if len(found) > 1:
        raise WarehouseError(
            f"{table.data}/{table.file} must hold vectors of one embedding version. "
            f"Found: {', '.join(found)}. Nothing changed."
        )


def _reads_by_itself(table: SourceTable) -> bool:
    return is_remote(table.data) or table.is_embedded


def _reader(client: Client, table: SourceTable) -> AbstractContextManager[Client]:
    """An engine that can read the table's origin: the server, or for a file one in this process."""
    if _reads_by_itself(table):
        return nullcontext(client)
    return closing(clickhouse_connect.get_client(interface="chdb"))


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
