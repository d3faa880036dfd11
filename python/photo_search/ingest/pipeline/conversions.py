"""The conversions of a release as one Parquet file."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from photo_search.errors import DamagedFileError, DatasetError
from photo_search.ingest.dataset.files import Table
from photo_search.ingest.dataset.read import RowCount, read_batches
from photo_search.ingest.pipeline.keys import Keys, are_valid, hashed
from photo_search.ingest.pipeline.parquet import (
    CONVERSIONS_SCHEMA,
    Files,
    damage_named,
    open_parquet,
    write_tables,
)
from photo_search.storage import Folder

CONVERSIONS_FILE = "conversions.parquet"
SOURCE_KEY = "photo_search.source_sha256"
COUNT_KEY = "photo_search.count_rows"
FORMAT = b"2"  # a new number makes every folder's file again; 2 added checksums


@dataclass
class Conversions:
    """What became of the rows of the dataset.

    `bad_ids` were left out because their photo_id is not valid, `of_other_photos` because a limit
    leaves out their photo.
    """

    rows: int = 0
    bad_ids: int = 0
    of_other_photos: int = 0
    count: RowCount = field(default_factory=RowCount)
    was_damaged: bool = False


def write_conversions(
    table: Table, folder: Folder, files: Files, only: Keys | None = None
) -> Conversions:
    """Stream all files into conversions.parquet. If the folder has that file already, do nothing.

    `only` keeps the conversions of these photo ids. Raises DatasetError.
    """
    source = _sha256(table, only)
    done = Conversions()
    try:
        kept = _read_kept(folder, source)
    except DamagedFileError:
        kept, done.was_damaged = None, True
    if kept:
        return kept

    def tables() -> Iterator[pa.Table]:
        for batch in read_batches(table, done.count):
            good = batch.filter(are_valid(batch["photo_id"]))
            done.bad_ids += batch.num_rows - good.num_rows
            if only is not None:
                wanted = good.filter(pa.array(np.isin(hashed(good["photo_id"]), only)))
                done.of_other_photos += good.num_rows - wanted.num_rows
                good = wanted
            done.rows += good.num_rows
            yield pa.Table.from_arrays(good.columns, schema=CONVERSIONS_SCHEMA)
        if 0 < done.count.read == done.bad_ids:
            raise DatasetError(
                f"None of the {done.bad_ids} rows of {table.files[0]} has a valid photo_id. Check "
                "that the first line names every column."
            )

    def metadata() -> dict[str, str]:
        counts = asdict(done) | {"was_damaged": False}
        return {SOURCE_KEY: source, COUNT_KEY: json.dumps(counts)}

    write_tables(files, CONVERSIONS_FILE, CONVERSIONS_SCHEMA, tables(), metadata)
    return done


def _read_kept(folder: Folder, source: str) -> Conversions | None:
    """What became of the rows when the folder's file was made, if it is of this source and whole.

    Raises DamagedFileError.
    """
    if not folder.exists(CONVERSIONS_FILE):
        return None
    with damage_named(folder, CONVERSIONS_FILE), folder.open(CONVERSIONS_FILE) as file:
        parquet = open_parquet(file, CONVERSIONS_SCHEMA)
        metadata = parquet.metadata.metadata or {}
        if metadata.get(SOURCE_KEY.encode()) != source.encode():
            return None
        for number in range(parquet.num_row_groups):
            parquet.read_row_group(number)
        counts: dict[str, Any] = json.loads(metadata[COUNT_KEY.encode()])
        if parquet.metadata.num_rows != counts["rows"]:
            raise ValueError(f"it has {parquet.metadata.num_rows} rows instead of {counts['rows']}")
        return Conversions(**{**counts, "count": RowCount(**counts["count"])})


def _sha256(table: Table, only: Keys | None) -> str:
    """Of all that the file is made from."""
    digest = hashlib.sha256(FORMAT + bytes([table.literal_quotes, only is not None]))
    for path in table.files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    if only is not None:
        digest.update(np.sort(only).tobytes())
    return digest.hexdigest()
