"""usearch alone: the library in ClickHouse's vector index. Photos only, no SQL."""

import time
from pathlib import Path

from usearch.index import Index

from search_bench.engines import CONSTRUCTION, LINKS
from search_bench.vectors import read_vectors


class Engine:
    def __init__(self, work: Path) -> None:
        pass

    def load(self, data: str) -> dict[str, float]:
        started = time.perf_counter()
        self.vectors = read_vectors(data)
        self.row = {photo_id: row for row, photo_id in enumerate(self.vectors.ids)}
        loaded = time.perf_counter()
        self.index = Index(
            ndim=self.vectors.matrix.shape[1], metric="cos", dtype="bf16",
            connectivity=LINKS, expansion_add=CONSTRUCTION,
        )  # fmt: skip
        self.index.add(None, self.vectors.matrix)
        return {"load": loaded - started, "vector index": time.perf_counter() - loaded}

    def set_effort(self, ef: int) -> None:
        self.index.expansion_search = ef

    def similar(self, photo_id: str) -> list[tuple[str, float]]:
        row = self.row[photo_id]
        found = self.index.search(self.vectors.matrix[row], 11)
        return [
            (self.vectors.ids[key], float(distance))
            for key, distance in zip(found.keys, found.distances, strict=True)
            if key != row
        ][:10]

    def size_on_disk(self) -> int:
        return 0

    def close(self) -> None:
        pass
