"""LanceDB for the vectors, Arrow for the conversions: IVF_HNSW_SQ with re-ranking."""

import time
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as pq

from search_bench.engines import CONSTRUCTION, LINKS, folder_size
from search_bench.vectors import read_vectors

REFINED = 3  # how many times as many candidates are measured again with the full vectors


class Engine:
    def __init__(self, work: Path) -> None:
        self.work = work
        self.file = work / "conversions.arrow"
        self.ef = 64

    def open(self) -> None:
        self.table = lancedb.connect(self.work).open_table("photos")
        self.conversions = feather.read_table(self.file).combine_chunks()
        photos = self.table.to_arrow()
        vectors = photos["photo_embed"].combine_chunks().flatten().to_numpy()
        vectors = vectors.reshape(len(photos), -1)
        self.vector = dict(zip(photos["photo_id"].to_pylist(), vectors, strict=True))

    def load(self, data: str) -> dict[str, float]:
        started = time.perf_counter()
        vectors = read_vectors(data)
        matrix = pa.FixedSizeListArray.from_arrays(vectors.matrix.ravel(), vectors.matrix.shape[1])
        table = pa.table({"photo_id": pa.array(vectors.ids), "photo_embed": matrix})
        photos = lancedb.connect(self.work).create_table("photos", table)
        loaded = time.perf_counter()
        photos.create_index(
            metric="cosine", vector_column_name="photo_embed", index_type="IVF_HNSW_SQ",
            num_partitions=1, m=LINKS, ef_construction=CONSTRUCTION,
        )  # fmt: skip
        indexed = time.perf_counter()
        conversions = pq.read_table(Path(data, "conversions.parquet"), columns=["photo_id"])
        conversions = conversions.sort_by("photo_id").combine_chunks()
        encoded = conversions["photo_id"].dictionary_encode()
        feather.write_feather(pa.table({"photo_id": encoded}), self.file)
        self.open()
        return {
            "load": loaded - started + time.perf_counter() - indexed,
            "vector index": indexed - loaded,
        }

    def set_effort(self, ef: int) -> None:
        self.ef = max(ef, 11 * REFINED)  # it refuses less

    def similar(self, photo_id: str) -> list[tuple[str, float]]:
        return _drop(photo_id, self._search(photo_id).ef(self.ef).refine_factor(REFINED).to_arrow())

    def exact(self, photo_id: str) -> list[tuple[str, float]]:
        return _drop(photo_id, self._search(photo_id).bypass_vector_index().to_arrow())

    def downloads(self, photo_id: str) -> list[tuple[str, int]]:
        similar = pa.array([other for other, _ in self.similar(photo_id)])
        found = self.conversions.filter(pc.is_in(self.conversions["photo_id"], similar))
        counted = found.group_by("photo_id").aggregate([([], "count_all")])
        counts = dict(
            zip(counted["photo_id"].to_pylist(), counted["count_all"].to_pylist(), strict=True)
        )
        return [(other, counts.get(other, 0)) for other in similar.to_pylist()]

    def size_on_disk(self) -> int:
        return folder_size(self.work)

    def close(self) -> None:
        pass

    def _search(self, photo_id: str) -> lancedb.query.LanceVectorQueryBuilder:
        return (
            self.table.search(np.asarray(self.vector[photo_id]))
            .distance_type("cosine")
            .select(["photo_id", "_distance"])
            .limit(11)
        )


def _drop(photo_id: str, found: pa.Table) -> list[tuple[str, float]]:
    rows = zip(found["photo_id"].to_pylist(), found["_distance"].to_pylist(), strict=True)
    return [row for row in rows if row[0] != photo_id][:10]
