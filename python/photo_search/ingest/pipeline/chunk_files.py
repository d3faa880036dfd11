"""The chunks that runs have written: which photos they hold, and their rows."""

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from photo_search.ingest.pipeline.keys import Keys, photo_keys
from photo_search.ingest.pipeline.parquet import read_chunk, read_metadata
from photo_search.storage import Folder

Positions = npt.NDArray[np.int64]
CHUNKS = "parts"  # their folder; another name would embed everything again
ABSENT = -1
KEY_COLUMNS = ["photo_id", "photo_image_url", "reason"]


def chunk_folder(version: str) -> str:
    return f"{CHUNKS}/{version}"


class ChunkFiles:
    """All chunks of a folder as one table, the newest first, read a row group at a time."""

    def __init__(self, folder: Folder, version: str) -> None:
        self._folder = folder
        self.names = folder.names(chunk_folder(version), ".parquet")[::-1]
        self._groups: list[tuple[str, int]] = []
        sizes: list[int] = []
        keys, reasons = [np.empty(0, np.uint64)], [pa.array([], pa.string())]
        for name in self.names:
            metadata = read_metadata(folder, name)
            for group in range(metadata.num_row_groups):
                self._groups.append((name, group))
                sizes.append(metadata.row_group(group).num_rows)
            table = read_chunk(folder, name, KEY_COLUMNS)
            ids, urls, why = (column.combine_chunks() for column in table.columns)
            keys.append(photo_keys(ids, urls))
            reasons.append(why)
        self._keys, self._positions = np.unique(np.concatenate(keys), return_index=True)
        self._reasons = pa.concat_arrays(reasons)
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._group = functools.lru_cache(maxsize=4)(self._read_group)

    @property
    def next_number(self) -> int:
        """A number for the next chunk, higher than all before it."""
        return (
            int(self.names[0].rpartition("/")[2].removesuffix(".parquet")) + 1 if self.names else 0
        )

    def find(self, keys: Keys) -> Positions:
        """Where the newest row of each photo is; ABSENT for one that was never tried."""
        places = np.searchsorted(self._keys, keys)
        found = places < len(self._keys)
        found[found] = self._keys[places[found]] == keys[found]
        positions = np.full(len(keys), ABSENT)
        positions[found] = self._positions[places[found]]
        return positions

    def reasons(self, positions: Positions) -> pa.Array:
        """Why each photo failed. Null for one that has a vector or was never tried."""
        indices = pa.array(positions, mask=positions == ABSENT)
        return self._reasons.take(indices)

    def has_vector(self, positions: Positions) -> npt.NDArray[np.bool_]:
        failed: npt.NDArray[np.bool_] = np.asarray(pc.is_valid(self.reasons(positions)))
        return np.asarray((positions != ABSENT) & ~failed, dtype=np.bool_)

    def rows(self, positions: Positions, columns: Sequence[str]) -> pa.Table:
        """The rows at these positions, in this order."""
        groups = np.searchsorted(self._starts, positions, side="right") - 1
        order = np.argsort(groups, kind="stable")
        tables = [
            self._group(group, tuple(columns)).take(
                positions[groups == group] - self._starts[group]
            )
            for group in np.unique(groups)
        ]
        return pa.concat_tables(tables).take(np.argsort(order, kind="stable"))

    def _read_group(self, group: int, columns: tuple[str, ...]) -> pa.Table:
        name, number = self._groups[group]
        return read_chunk(self._folder, name, columns, number)
