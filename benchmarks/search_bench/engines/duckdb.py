"""DuckDB: arrays of fixed size, and conversions sorted by photo.

Its HNSW extension has no build for DuckDB 2.0.
"""

import time
from pathlib import Path

import duckdb

from photo_search.ingest.embedding.encoder import DIMENSION
from search_bench.filters import widest

NEAREST = """
    select photo_id, array_cosine_distance(photo_embed, $vector) as distance
    from photos where photo_id != $photo_id order by distance, photo_id limit 10
"""
DOWNLOADS = f"""
    select photo_id, count(conversions.photo_id)
    from ({NEAREST}) as nearest left join conversions using (photo_id) group by photo_id
"""
DOWNLOADS_KEPT = f"""
    select photo_id, coalesce(count_downloads, 0)
    from ({NEAREST}) as nearest left join photo_downloads using (photo_id)
"""


class Engine:
    def __init__(self, work: Path) -> None:
        self.file = work / "photos.duckdb"

    def open(self) -> None:
        self.connection = duckdb.connect(str(self.file))

    def load(self, data: str) -> dict[str, float]:
        self.open()
        started = time.perf_counter()
        self.connection.execute(f"""
            create table photos as
            select * replace (
                photo_embed::float[{DIMENSION}] as photo_embed, photo_width::integer as photo_width
            )
            from read_parquet('{data}/photos.parquet') order by photo_id;
            create table conversions as
            from read_parquet('{data}/conversions.parquet') order by photo_id;
            create table photo_downloads as
            select photo_id, count(*) as count_downloads from conversions group by photo_id;
            checkpoint
        """)
        return {"load": time.perf_counter() - started}

    def exact(self, photo_id: str) -> list[tuple[str, float]]:
        return self._ask(NEAREST, photo_id)

    def filtered(self, photo_id: str, share: float) -> list[tuple[str, float]]:
        narrow = f"where photo_width <= {widest(share)} and photo_id"
        return self._ask(NEAREST.replace("where photo_id", narrow), photo_id)

    def downloads(self, photo_id: str) -> list[tuple[str, int]]:
        return self._ask(DOWNLOADS, photo_id)

    def downloads_kept(self, photo_id: str) -> list[tuple[str, int]]:
        return self._ask(DOWNLOADS_KEPT, photo_id)

    def size_on_disk(self) -> int:
        return self.file.stat().st_size

    def close(self) -> None:
        self.connection.close()

    def _ask(self, sql: str, photo_id: str) -> list[tuple]:
        by_id = "(select photo_embed from photos where photo_id = $photo_id)"
        return self.connection.execute(
            sql.replace("$vector", by_id), {"photo_id": photo_id}
        ).fetchall()
