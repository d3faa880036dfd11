"""The Parquet files of a run: their columns, and how they are written."""

import json
from collections.abc import Iterable
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from photo_search.dataset.read import CONVERSIONS, PHOTOS
from photo_search.embedding.version import SPEC_KEY, VERSION_KEY, EmbeddingSpec
from photo_search.storage import Folder


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
# A part holds one row per photo tried: either its thumbnail and vector, or why it has none.
PART_SCHEMA = pa.schema(
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


def write_tables(folder: Folder, name: str, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    """Write the tables as row groups of one file and return the number of rows.

    The same tables give the same bytes. Vectors have no dictionary, which would only cost, and
    are split by byte, which saves a sixth of their size.
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
        ) as writer:
            for table in tables:
                if table.num_rows:
                    writer.write_table(table)
                    count += table.num_rows

    folder.write(name, fill)
    return count
