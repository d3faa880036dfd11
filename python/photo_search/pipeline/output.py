"""The output files, in the order of the dataset, whatever the order of the work was."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from photo_search.dataset.read import PHOTOS, find_parts, read_rows
from photo_search.embedding.version import VERSION_KEY, EmbeddingSpec
from photo_search.errors import EmbeddingVersionError
from photo_search.pipeline.parquet import (
    FAILURES_SCHEMA,
    PHOTOS_SCHEMA,
    THUMBNAIL_FIELDS,
    with_version,
    write_tables,
)
from photo_search.pipeline.parts import Parts
from photo_search.pipeline.plan import Wanted
from photo_search.storage import Folder
from photo_search.thumbnails.failure import PASSING

PHOTOS_FILE, FAILURES_FILE = "photos.parquet", "photo_failures.parquet"
THUMBNAIL_COLUMNS = [field.name for field in THUMBNAIL_FIELDS]
FAILURE_COLUMNS = [name for name in FAILURES_SCHEMA.names if name != "is_retryable"]
ROWS_AT_A_TIME = 512  # a row group of 1 MB


def check_version(folder: Folder, version: str, re_embed: bool) -> None:
    """Raises EmbeddingVersionError if photos.parquet is of another version, unless `re_embed`."""
    if re_embed or not folder.exists(PHOTOS_FILE):
        return
    with folder.open(PHOTOS_FILE) as file:
        found = (pq.read_metadata(file).metadata or {}).get(VERSION_KEY, b"none").decode()
    if found != version:
        raise EmbeddingVersionError(
            f"{folder.url}/{PHOTOS_FILE} holds vectors of the embedding version {found}; this run "
            f"would make version {version}, and the two must not be mixed. Use the model and "
            "options of before, another folder with --out, or --re-embed to start anew."
        )


def write_photos(
    folder: Folder, dataset: Path, wanted: Wanted, parts: Parts, spec: EmbeddingSpec
) -> int:
    """Write the photos that have a vector and return their number."""
    positions = parts.find(wanted.keys)
    done = parts.has_vector(positions)
    rows, positions = wanted.rows[done], positions[done]
    schema = with_version(PHOTOS_SCHEMA, spec)

    def tables() -> Iterator[pa.Table]:
        first = 0
        for batch in read_rows(find_parts(dataset, PHOTOS), PHOTOS, rows):
            for start in range(0, batch.num_rows, ROWS_AT_A_TIME):
                texts = batch.slice(start, ROWS_AT_A_TIME)
                last = first + texts.num_rows
                vectors = parts.rows(positions[first:last], THUMBNAIL_COLUMNS)
                versions = pa.array([spec.version] * texts.num_rows)
                yield pa.Table.from_arrays([*texts, *vectors, versions], schema=schema)
                first = last

    return write_tables(folder, PHOTOS_FILE, schema, tables())


def write_failures(folder: Folder, wanted: Wanted, parts: Parts) -> Counter[str]:
    """Write one row for each photo that was tried in vain and count them by reason."""
    positions = parts.find(wanted.keys)
    reasons = parts.reasons(positions)
    positions = positions[np.asarray(pc.is_valid(reasons))]

    def tables() -> Iterator[pa.Table]:
        for start in range(0, len(positions), ROWS_AT_A_TIME):
            table = parts.rows(positions[start : start + ROWS_AT_A_TIME], FAILURE_COLUMNS)
            may_pass = pc.is_in(table["reason"], pa.array(sorted(PASSING)))
            table = table.append_column("is_retryable", may_pass)
            yield table.select(FAILURES_SCHEMA.names).cast(FAILURES_SCHEMA)

    write_tables(folder, FAILURES_FILE, FAILURES_SCHEMA, tables())
    return Counter(reasons.drop_null().to_pylist())
