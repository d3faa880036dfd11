"""The Parquet files of a run: their columns, how they are written, and how damage is noticed."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from photo_search.errors import DamagedFileError, OutputError
from photo_search.ingest.dataset.shapes import CONVERSIONS, PHOTOS
from photo_search.ingest.embedding.version import SPEC_KEY, VERSION_KEY, EmbeddingSpec
from photo_search.storage import Fill, Folder


def _field(name: str, kind: pa.DataType, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable)


# Items that cannot be null: ClickHouse reads Array(Float32) and not Array(Nullable(Float32)).
VECTOR = pa.list_(_field("element", pa.float32()))
THUMBNAIL_FIELDS = [
    _field("thumbnail_url", pa.string()),
    _field("thumbnail_sha256", pa.string()),
    _field("thumbnail_width", pa.int32()),
    _field("thumbnail_height", pa.int32()),
    _field("photo_embed", VECTOR),
]
PHOTOS_SCHEMA = pa.schema(
    [
        *(_field(name, pa.string(), name not in PHOTOS.required) for name in PHOTOS.columns),
        *THUMBNAIL_FIELDS,
        _field("embedding_version", pa.string()),
    ]
)
CONVERSIONS_SCHEMA = pa.schema(
    [_field(name, pa.string(), name != "photo_id") for name in CONVERSIONS.columns]
)
FAILURES_SCHEMA = pa.schema(
    [
        _field("photo_id", pa.string()),
        _field("photo_image_url", pa.string()),
        _field("reason", pa.string()),
        _field("detail", pa.string()),
        _field("attempts", pa.int32()),
        _field("is_retryable", pa.bool_()),
        _field("failed_at", pa.timestamp("us", tz="UTC")),
    ]
)
# A chunk holds one row per photo tried: either its thumbnail and vector, or why it has none.
CHUNK_SCHEMA = pa.schema(
    [
        _field("photo_id", pa.string()),
        _field("photo_image_url", pa.string()),
        *(_field(field.name, field.type, nullable=True) for field in THUMBNAIL_FIELDS),
        *(_field(name, FAILURES_SCHEMA.field(name).type, nullable=True)
          for name in ("reason", "detail", "attempts", "failed_at")),
    ]
)  # fmt: skip


def with_version(schema: pa.Schema, spec: EmbeddingSpec) -> pa.Schema:
    """The schema with the embedding version and all that it stands for in its metadata."""
    description = json.dumps(spec.describe(), sort_keys=True)
    return schema.with_metadata({VERSION_KEY: spec.version, SPEC_KEY: description})


class Files(Protocol):
    """A folder, or files of a folder that are put in place together."""

    def write(self, name: str, fill: Fill) -> None: ...


def write_tables(
    files: Files,
    name: str,
    schema: pa.Schema,
    tables: Iterable[pa.Table],
    metadata: Callable[[], dict[str, str]] = dict,
) -> int:
    """Write the tables as row groups of one file and return the number of rows.

    The same tables give the same bytes. Vectors have no dictionary, which would only cost, and
    are split by byte, which saves a sixth of their size. Every page has a checksum. `metadata` is
    asked after the last table and its answer is added to that of the schema.
    """
    count = 0
    vector = "photo_embed.list.element"
    texts = [field.name for field in schema if pa.types.is_string(field.type)]

    def fill(file: IO[bytes]) -> None:
        nonlocal count
        with pq.ParquetWriter(
            file,
            schema,
            compression="zstd",
            use_dictionary=texts,
            use_byte_stream_split=[vector] if "photo_embed" in schema.names else False,
            write_page_checksum=True,
        ) as writer:
            for table in tables:
                if table.num_rows:
                    writer.write_table(table)
                    count += table.num_rows
            if added := metadata():
                writer.add_key_value_metadata(added)

    files.write(name, fill)
    return count


def read_chunk(
    folder: Folder, name: str, columns: Sequence[str], group: int | None = None
) -> pa.Table:
    """Read these columns of a chunk or slice, or of one of its row groups. Compare their checksums.

    Raises DamagedFileError.
    """
    with damage_named(folder, name), folder.open(name) as file:
        parquet = open_parquet(file, CHUNK_SCHEMA)
        groups = range(parquet.num_row_groups) if group is None else [group]
        return parquet.read_row_groups(groups, list(columns))


def read_metadata(folder: Folder, name: str) -> pq.FileMetaData:
    """What the footer says. Raises DamagedFileError."""
    with damage_named(folder, name), folder.open(name) as file:
        return pq.read_metadata(file)


def open_parquet(file: IO[bytes], schema: pa.Schema | None = None) -> pq.ParquetFile:
    """The file as Parquet. A page that does not fit its checksum raises OSError when it is read.

    Raises ValueError if its schema is another than `schema`, which no checksum covers.
    """
    parquet = pq.ParquetFile(file, page_checksum_verification=True)
    if schema and not parquet.schema_arrow.equals(schema):
        raise ValueError("its columns are not those that were written")
    return parquet


@contextmanager
def damage_named(folder: Folder, name: str) -> Iterator[None]:
    """Turn the errors of reading damaged Parquet and its metadata into a DamagedFileError."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, MemoryError, pa.ArrowException) as error:
        message = f"{folder.url}/{name} cannot be read: {error}."
        if isinstance(error, OSError) and error.errno is not None:  # of the system, not of pyarrow
            raise OutputError(f"{message} Solve that and run the same command again.") from error
        raise DamagedFileError(
            name, f"{message} It is damaged: run `photo-search embed` to write it again."
        ) from error
