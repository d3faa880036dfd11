"""The output files, in the order of the dataset, whatever the order of the work was."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from photo_search.errors import PASSING, DamagedFileError, DatasetError, EmbeddingVersionError
from photo_search.ingest.dataset.files import Table
from photo_search.ingest.dataset.read import read_rows
from photo_search.ingest.embedding.version import VERSION_KEY, EmbeddingSpec
from photo_search.ingest.pipeline.chunk_files import CHUNKS, ChunkFiles
from photo_search.ingest.pipeline.keys import photo_keys
from photo_search.ingest.pipeline.parquet import (
    FAILURES_SCHEMA,
    PHOTOS_SCHEMA,
    THUMBNAIL_FIELDS,
    Files,
    read_metadata,
    with_version,
    write_tables,
)
from photo_search.ingest.pipeline.plan import Wanted
from photo_search.storage import Folder

PHOTOS_FILE, FAILURES_FILE = "photos.parquet", "photo_failures.parquet"
STOPPED_FILE = "failures_of_stopped_run.parquet"
THUMBNAIL_COLUMNS = [field.name for field in THUMBNAIL_FIELDS]
FAILURE_COLUMNS = [name for name in FAILURES_SCHEMA.names if name != "is_retryable"]
ROWS_AT_A_TIME = 512  # a row group of 1 MB


def check_version(folder: Folder, version: str, re_embed: bool) -> bool:
    """False if photos.parquet is damaged and must be written again.

    Raises EmbeddingVersionError if it is of another version, unless `re_embed`. Of a damaged one,
    the version is that of the chunks that it was made from.
    """
    if not folder.exists(PHOTOS_FILE):
        return True
    try:
        found = (read_metadata(folder, PHOTOS_FILE).metadata or {}).get(VERSION_KEY, b"none")
        is_whole, versions = True, {found.decode()}
    except (DamagedFileError, UnicodeDecodeError):
        is_whole, versions = False, {name.partition("/")[2] for name in folder.names(CHUNKS)}
    if not re_embed and versions and version not in versions:
        raise EmbeddingVersionError(
            f"{folder.url}/{PHOTOS_FILE} holds vectors of the embedding version "
            f"{', '.join(sorted(versions))}; this run would make version {version}, and the two "
            "must not be mixed. Use the earlier model and options, another folder with --out, "
            "or --re-embed to replace all vectors."
        )
    return is_whole


def write_photos(
    files: Files, table: Table, wanted: Wanted, chunks: ChunkFiles, spec: EmbeddingSpec
) -> int:
    """Write the photos that have a vector and return their number.

    Raises DatasetError if the dataset is no longer what it was when `wanted` was read.
    """
    positions = chunks.find(wanted.keys)
    done = chunks.has_vector(positions)
    rows, positions, keys = wanted.rows[done], positions[done], wanted.keys[done]
    schema = with_version(PHOTOS_SCHEMA, spec)
    changed = DatasetError(
        f"{table.files[0].parent} was changed while this run read it. Run the same command again."
    )

    def tables() -> Iterator[pa.Table]:
        first = 0
        for batch in read_rows(table, rows):
            found = photo_keys(
                *(batch[name].fill_null("") for name in ("photo_id", "photo_image_url"))
            )
            if not np.array_equal(found, keys[first : first + batch.num_rows]):
                raise changed
            for start in range(0, batch.num_rows, ROWS_AT_A_TIME):
                texts = batch.slice(start, ROWS_AT_A_TIME)
                last = first + texts.num_rows
                vectors = chunks.rows(positions[first:last], THUMBNAIL_COLUMNS)
                versions = pa.array([spec.version] * texts.num_rows)
                yield pa.Table.from_arrays([*texts, *vectors, versions], schema=schema)
                first = last
        if first < len(rows):
            raise changed

    return write_tables(files, PHOTOS_FILE, schema, tables())


def write_failures(
    files: Files, wanted: Wanted, chunks: ChunkFiles, name: str = FAILURES_FILE
) -> Counter[str]:
    """Write one row for each photo that was tried in vain and count them by reason."""
    positions = chunks.find(wanted.keys)
    reasons = chunks.reasons(positions)
    positions = positions[np.asarray(pc.is_valid(reasons))]

    def tables() -> Iterator[pa.Table]:
        for start in range(0, len(positions), ROWS_AT_A_TIME):
            table = chunks.rows(positions[start : start + ROWS_AT_A_TIME], FAILURE_COLUMNS)
            may_pass = pc.is_in(table["reason"], pa.array(sorted(PASSING)))
            table = table.append_column("is_retryable", may_pass)
            yield table.select(FAILURES_SCHEMA.names).cast(FAILURES_SCHEMA)

    write_tables(files, name, FAILURES_SCHEMA, tables())
    return Counter(reasons.drop_null().to_pylist())
