"""Which photos of the dataset a run has to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from photo_search.dataset.read import PHOTOS, MalformedRows, find_parts, read_batches
from photo_search.pipeline.parts import ABSENT, Parts
from photo_search.pipeline.prepare import Photo
from photo_search.thumbnails.failure import PASSING

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Wanted:
    """The photos that the output is to hold: `rows` are their numbers in the dataset."""

    photos: pa.Table
    rows: Rows
    duplicates: int
    malformed: MalformedRows

    def count_embedded(self, parts: Parts) -> int:
        positions = parts.find(self.photos)
        return int(np.count_nonzero(parts.has_vector(positions)))


def read_wanted(dataset: Path, limit: int | None) -> Wanted:
    """The ids and URLs of the first `limit` photos; of a repeated id the last row counts."""
    malformed = MalformedRows()
    batches = read_batches(find_parts(dataset, PHOTOS), PHOTOS, malformed, PHOTOS.required)
    schema = pa.schema(dict.fromkeys(PHOTOS.required, pa.string()))
    table = pa.Table.from_batches(batches, schema)
    table = pa.table({name: pc.fill_null(table[name], "") for name in PHOTOS.required})
    numbered = table.append_column("row", pa.array(np.arange(table.num_rows)))
    last = numbered.group_by("photo_id").aggregate([("row", "max")])["row_max"]
    rows = np.sort(last.to_numpy())
    duplicates = table.num_rows - len(rows)
    return Wanted(table.take(rows[:limit]), rows[:limit], duplicates, malformed)


def missing(wanted: Wanted, parts: Parts, retry_failed: bool, recheck: bool) -> pa.Table:
    """The photos to do: new ones and those that failed for a reason that may have passed.

    `retry_failed` leaves out the new ones; `recheck` asks again for all that failed.
    """
    positions = parts.find(wanted.photos)
    reasons = parts.reasons(positions)
    retry = pc.is_valid(reasons) if recheck else pc.is_in(reasons, pa.array(sorted(PASSING)))
    chosen = np.asarray(retry)
    if not retry_failed:
        chosen = chosen | (positions == ABSENT)
    return wanted.photos.filter(pa.array(chosen))


def cut(photos: pa.Table, size: int) -> Iterator[list[Photo]]:
    """Chunks of `size` photos in the order of the dataset."""
    for start in range(0, photos.num_rows, size):
        chunk = photos.slice(start, size)
        yield list(map(Photo, chunk["photo_id"].to_pylist(), chunk["photo_image_url"].to_pylist()))
