"""The conversions of a release as one Parquet file."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from photo_search.dataset.read import CONVERSIONS, MalformedRows, find_parts, read_batches
from photo_search.pipeline.parquet import CONVERSIONS_SCHEMA, write_tables
from photo_search.storage import Folder
from photo_search.thumbnails.failure import PHOTO_ID

NAME = "conversions.parquet"
SOURCE_KEY = b"photo_search.source_sha256"


class Conversions(NamedTuple):
    """What became of the rows. `bad_ids` were left out: their photo_id is none."""

    rows: int
    bad_ids: int
    malformed: MalformedRows


def write_conversions(dataset: Path, folder: Folder) -> Conversions:
    """Stream all parts into conversions.parquet; nothing is done if it holds them already."""
    parts = find_parts(dataset, CONVERSIONS)
    malformed = MalformedRows()
    bad_ids = 0

    def tables() -> Iterator[pa.Table]:
        nonlocal bad_ids
        for batch in read_batches(parts, CONVERSIONS, malformed):
            is_good = pc.match_substring_regex(batch["photo_id"], f"^{PHOTO_ID}$")
            good = batch.filter(pc.fill_null(is_good, False))
            bad_ids += batch.num_rows - good.num_rows
            yield pa.Table.from_arrays(good.columns, schema=CONVERSIONS_SCHEMA)

    schema = CONVERSIONS_SCHEMA.with_metadata({SOURCE_KEY: _sha256(parts)})
    if folder.exists(NAME):
        with folder.open(NAME) as file:
            metadata = pq.read_metadata(file)
            if (metadata.metadata or {}).get(SOURCE_KEY) == schema.metadata[SOURCE_KEY]:
                return Conversions(metadata.num_rows, 0, malformed)
    rows = write_tables(folder, NAME, schema, tables())
    return Conversions(rows, bad_ids, malformed)


def _sha256(parts: list[Path]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
