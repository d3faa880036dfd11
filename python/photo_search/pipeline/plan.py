"""Which photos of the dataset a run has to do: 16 bytes are kept for each, no ids or URLs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from photo_search.dataset.read import (
    PHOTOS,
    MalformedRows,
    RowNumbers,
    find_parts,
    read_batches,
    read_rows,
)
from photo_search.pipeline.keys import Keys, hashed, photo_keys
from photo_search.pipeline.parts import ABSENT, Parts
from photo_search.pipeline.prepare import Photo
from photo_search.thumbnails.failure import PASSING


@dataclass(frozen=True)
class Wanted:
    """The photos that the output is to hold: `rows` are their numbers in the dataset."""

    keys: Keys
    rows: RowNumbers
    duplicates: int
    malformed: MalformedRows

    def count_embedded(self, parts: Parts) -> int:
        return int(np.count_nonzero(parts.has_vector(parts.find(self.keys))))


def read_wanted(dataset: Path, limit: int | None) -> Wanted:
    """The first `limit` photos; of a repeated id the last row counts."""
    malformed = MalformedRows()
    ids, keys = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for batch in read_batches(find_parts(dataset, PHOTOS), PHOTOS, malformed, PHOTOS.required):
        photo_ids, urls = _without_nulls(batch)
        ids.append(hashed(photo_ids))
        keys.append(photo_keys(photo_ids, urls))
    backwards = np.concatenate(ids)[::-1]
    _, last = np.unique(backwards, return_index=True)
    rows = np.sort(len(backwards) - 1 - last)
    duplicates = len(backwards) - len(rows)
    return Wanted(np.concatenate(keys)[rows[:limit]], rows[:limit], duplicates, malformed)


def missing(wanted: Wanted, parts: Parts, retry_failed: bool, recheck: bool) -> RowNumbers:
    """The photos to do: new ones and those that failed for a reason that may have passed.

    `retry_failed` leaves out the new ones; `recheck` asks again for all that failed.
    """
    positions = parts.find(wanted.keys)
    reasons = parts.reasons(positions)
    retry = pc.is_valid(reasons) if recheck else pc.is_in(reasons, pa.array(sorted(PASSING)))
    chosen = np.asarray(retry, dtype=np.bool_)
    if not retry_failed:
        chosen |= positions == ABSENT
    return wanted.rows[chosen]


def cut(dataset: Path, rows: RowNumbers, size: int) -> Iterator[list[Photo]]:
    """These rows as chunks of `size` photos, in the order of the dataset."""
    batches = read_rows(find_parts(dataset, PHOTOS), PHOTOS, rows, PHOTOS.required)
    photos = (
        Photo(photo_id, url)
        for batch in batches
        for photo_id, url in zip(*(c.to_pylist() for c in _without_nulls(batch)), strict=True)
    )
    while chunk := list(islice(photos, size)):
        yield chunk


def _without_nulls(batch: pa.RecordBatch) -> list[pa.Array]:
    return [pc.fill_null(column, "") for column in batch.columns]
