"""numpy and pandas: one product of matrices for the photos, a categorical column for the
conversions.
"""

import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from search_bench.vectors import read_vectors


class Engine:
    def __init__(self, work: Path) -> None:
        pass

    def load(self, data: str) -> dict[str, float]:
        started = time.perf_counter()
        self.vectors = read_vectors(data)
        self.row = {photo_id: row for row, photo_id in enumerate(self.vectors.ids)}
        ids = pq.read_table(Path(data, "conversions.parquet"), columns=["photo_id"])["photo_id"]
        self.conversions = ids.dictionary_encode().to_pandas()
        return {"load": time.perf_counter() - started}

    def exact(self, photo_id: str) -> list[tuple[str, float]]:
        row = self.row[photo_id]
        cosines = self.vectors.matrix @ self.vectors.matrix[row]
        cosines[row] = -2  # the query photo itself
        nearest = np.argpartition(cosines, -10)[-10:]
        nearest = nearest[np.argsort(-cosines[nearest])]
        return [(self.vectors.ids[n], float(1 - cosines[n])) for n in nearest]

    def downloads(self, photo_id: str) -> list[tuple[str, int]]:
        similar = [other for other, _ in self.exact(photo_id)]
        found = self.conversions[self.conversions.isin(similar)]
        counted = found.value_counts()
        return [(other, int(counted.get(other, 0))) for other in similar]

    def size_on_disk(self) -> int:
        return 0

    def close(self) -> None:
        pass
