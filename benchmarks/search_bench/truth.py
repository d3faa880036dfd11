"""What the right answers are, by numpy in float64."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from search_bench.vectors import read_vectors

SAME = 1e-6  # distances closer than this are ties: float32 tells no more
TOP = 10


class Truth:
    """Targets to ask about, and the check of every answer about them."""

    def __init__(self, data: Path, count_targets: int) -> None:
        vectors = read_vectors(data)
        self.row = {photo_id: row for row, photo_id in enumerate(vectors.ids)}
        self.matrix = vectors.matrix
        rng = np.random.default_rng(7)
        rows = rng.choice(len(vectors.ids), 2 * count_targets, replace=False)
        targets = [vectors.ids[row] for row in rows]
        self.targets, self.trial_targets = targets[:count_targets], targets[count_targets:]
        self.tenth = {target: self._tenth_distance(target) for target in targets}
        ids = pq.read_table(data / "conversions.parquet", columns=["photo_id"])["photo_id"]
        counts = ids.value_counts()
        self.downloads = dict(
            zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
        )

    def recall(self, target: str, found: Sequence[str]) -> float:
        """Share of the ten that are as near as the true ten; who is too many or twice is wrong."""
        if len(found) != len(set(found)) or len(found) > TOP or target in found:
            return 0.0
        rows = [self.row[photo_id] for photo_id in found]
        near = self._distances(rows, target) <= self.tenth[target] + SAME
        return float(near.sum() / TOP)

    def counts_agree(self, counted: Sequence[tuple[str, int]]) -> bool:
        return all(self.downloads.get(photo_id, 0) == count for photo_id, count in counted)

    def _distances(self, rows: Sequence[int] | np.ndarray, target: str) -> np.ndarray:
        matrix = self.matrix[rows].astype(np.float64)
        wanted = self.matrix[self.row[target]].astype(np.float64)
        cosines = matrix @ wanted / np.linalg.norm(matrix, axis=1) / np.linalg.norm(wanted)
        return np.asarray(1 - cosines)

    def _tenth_distance(self, target: str) -> float:
        """By float32 first, so that a million photos need no second copy in float64."""
        cosines = self.matrix @ self.matrix[self.row[target]]
        cosines[self.row[target]] = -2
        candidates = np.argpartition(cosines, -4 * TOP)[-4 * TOP :]
        return float(np.sort(self._distances(candidates, target))[TOP - 1])
