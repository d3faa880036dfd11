"""The right answers, computed by numpy in float64."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from search_bench.filters import SHARES, widest
from search_bench.vectors import read_vectors

SAME = 1e-6  # distances closer than this are ties, because float32 cannot tell them apart
TOP = 10


class Truth:
    """The query photos, and the check of every answer about them.

    `share` is that of a filter (search_bench.filters). 1 means no filter.
    """

    def __init__(self, data: Path, count_query_photos: int) -> None:
        vectors = read_vectors(data)
        self.row = {photo_id: row for row, photo_id in enumerate(vectors.ids)}
        self.matrix = vectors.matrix
        widths = pq.read_table(data / "photos.parquet", columns=["photo_width"])["photo_width"]
        self.widths = widths.cast(pa.int32()).to_numpy()
        rng = np.random.default_rng(7)
        rows = rng.choice(len(vectors.ids), 2 * count_query_photos, replace=False)
        query_photos = [vectors.ids[row] for row in rows]
        self.query_photos, self.trial_photos = (
            query_photos[:count_query_photos],
            query_photos[count_query_photos:],
        )
        self.nearest = {
            (query_photo, share): nearest
            for query_photo in query_photos
            for share, nearest in self._nearest_distances(query_photo)
        }
        ids = pq.read_table(data / "conversions.parquet", columns=["photo_id"])["photo_id"]
        counts = ids.value_counts()
        self.downloads = dict(
            zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
        )

    def recall(self, query_photo: str, found: Sequence[str], share: float = 1) -> float:
        """The share of the ten rows that pass and are as near as the true ten. A duplicate is
        wrong.
        """
        nearest = self.nearest[query_photo, share]
        if len(found) != len(set(found)) or len(found) > TOP or query_photo in found:
            return 0.0
        rows = [self.row[photo_id] for photo_id in found if self._passes(self.row[photo_id], share)]
        if not len(nearest):
            return float(not found)
        near = self._distances(rows, query_photo) <= nearest[-1] + SAME
        return float(near.sum() / len(nearest))

    def has_all_rows(self, query_photo: str, found: Sequence[str], share: float = 1) -> bool:
        """Whether the answer has as many rows as it should, or as there are."""
        return len(found) == len(self.nearest[query_photo, share])

    def counts_agree(self, counted: Sequence[tuple[str, int]]) -> bool:
        return all(self.downloads.get(photo_id, 0) == count for photo_id, count in counted)

    def _passes(self, rows: int | np.ndarray, share: float) -> np.ndarray:
        return np.asarray((self.widths[rows] <= widest(share)) | (share == 1))

    def _distances(self, rows: Sequence[int] | np.ndarray, query_photo: str) -> np.ndarray:
        matrix = self.matrix[rows].astype(np.float64)
        wanted = self.matrix[self.row[query_photo]].astype(np.float64)
        cosines = matrix @ wanted / np.linalg.norm(matrix, axis=1) / np.linalg.norm(wanted)
        return np.asarray(1 - cosines)

    def _nearest_distances(self, query_photo: str) -> Iterator[tuple[float, np.ndarray]]:
        """Search in float32 first, so that a million photos need no second copy in float64."""
        cosines = self.matrix @ self.matrix[self.row[query_photo]]
        cosines[self.row[query_photo]] = -2
        for share in (1, *SHARES):
            passing = np.flatnonzero(self._passes(np.arange(len(cosines)), share) & (cosines > -2))
            nearest = passing[np.argsort(-cosines[passing])[: 4 * TOP]]
            yield share, np.sort(self._distances(nearest, query_photo))[:TOP]
