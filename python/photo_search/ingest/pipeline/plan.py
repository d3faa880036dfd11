"""Which photos of the dataset a run has to do: 16 bytes are kept for each, no ids or URLs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from photo_search.errors import PASSING, DatasetError
from photo_search.ingest.dataset.files import Table
from photo_search.ingest.dataset.read import RowCount, RowNumbers, read_batches, read_rows
from photo_search.ingest.pipeline.chunk_files import ABSENT, ChunkFiles
from photo_search.ingest.pipeline.keys import Keys, hashed, photo_keys
from photo_search.ingest.pipeline.prepare import PhotoToEmbed


@dataclass(frozen=True)
class Wanted:
    """The photos that the output is to hold: `rows` are their numbers in the dataset.

    `ids` are their photo ids as keys. `past_limit` counts the photos that a limit leaves out.
    """

    keys: Keys
    ids: Keys
    rows: RowNumbers
    count: RowCount
    duplicates: int
    past_limit: int

    def count_embedded(self, chunks: ChunkFiles) -> int:
        return int(np.count_nonzero(chunks.has_vector(chunks.find(self.keys))))


def read_wanted(photos: Table, limit: int | None) -> Wanted:
    """The first `limit` photos. Of a repeated id the last row counts.

    Raises DatasetError if there is none.
    """
    count = RowCount()
    ids, keys = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for batch in read_batches(photos, count, photos.shape.required):
        photo_ids, urls = _without_nulls(batch)
        ids.append(hashed(photo_ids))
        keys.append(photo_keys(photo_ids, urls))
    if not count.read:
        raise DatasetError(
            f"{photos.files[0]} lists no photo: it has a header and no rows. The output is left "
            "as it was. Get the dataset again, or name another folder with --dataset."
        )
    all_ids = np.concatenate(ids)
    _, last = np.unique(all_ids[::-1], return_index=True)
    every = np.sort(len(all_ids) - 1 - last)
    rows = every[:limit]
    return Wanted(
        keys=np.concatenate(keys)[rows],
        ids=all_ids[rows],
        rows=rows,
        count=count,
        duplicates=len(all_ids) - len(every),
        past_limit=len(every) - len(rows),
    )


def missing(wanted: Wanted, chunks: ChunkFiles, retry_failed: bool, recheck: bool) -> RowNumbers:
    """The photos to do: new ones and those that failed for a reason that may have passed.

    `retry_failed` leaves out the new ones; `recheck` asks again for all that failed.
    """
    positions = chunks.find(wanted.keys)
    reasons = chunks.reasons(positions)
    retry = pc.is_valid(reasons) if recheck else pc.is_in(reasons, pa.array(sorted(PASSING)))
    chosen = np.asarray(retry, dtype=np.bool_)
    if not retry_failed:
        chosen |= positions == ABSENT
    return wanted.rows[chosen]


def cut(table: Table, rows: RowNumbers, size: int) -> Iterator[list[PhotoToEmbed]]:
    """These rows as chunks of `size` photos, in the order of the dataset."""
    batches = read_rows(table, rows, table.shape.required)
    photos = (
        PhotoToEmbed(photo_id, url)
        for batch in batches
        for photo_id, url in zip(*(c.to_pylist() for c in _without_nulls(batch)), strict=True)
    )
    while chunk := list(islice(photos, size)):
        yield chunk


def _without_nulls(batch: pa.RecordBatch) -> list[pa.Array]:
    return [pc.fill_null(column, "") for column in batch.columns]
