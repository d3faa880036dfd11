"""The notebook: chDB, rows inserted as tuples, tables sorted by row number, a scan and a JOIN."""

import functools
import time
from pathlib import Path

import clickhouse_connect
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from photo_search.ingest.embedding.encoder import DIMENSION
from photo_search.ingest.pipeline.parquet import PHOTOS_SCHEMA
from search_bench.engines import folder_size

BATCH = 100_000
MOST = 2_000_000  # rows inserted as tuples of every column; the time grows in proportion
TYPES = {pa.int32(): "Int32", PHOTOS_SCHEMA.field("photo_embed").type: "Array(Float32)"}
PHOTOS = f"""
    create table photos (
        id UInt64, photo_id String, photo_image_url String, photo_embed Array(Float32),
        constraint vector_len check length(photo_embed) = {DIMENSION}
    ) engine = MergeTree order by id
"""
CONVERSIONS = """
    create table conversions (id UInt64, photo_id String, keyword Nullable(String))
    engine = MergeTree order by id
"""
SIMILAR = """
    select photo_id, photo_image_url, cosineDistance(photo_embed, {vector}) as dist
    from photos where photo_id != '{photo_id}' order by dist limit 10
"""
DOWNLOADS = """
    select photo_id, count() as count_conversions
    from conversions join (
        select photo_id, cosineDistance(photo_embed, {vector}) as dist
        from photos where photo_id != '{photo_id}' order by dist limit 10
    ) as similar on conversions.photo_id = similar.photo_id
    group by photo_id order by count_conversions desc
"""


class Engine:
    def __init__(self, work: Path) -> None:
        self.work = work

    def open(self) -> None:
        self.client = clickhouse_connect.get_client(
            interface="chdb", path=str(self.work), query_limit=0
        )

    def load(self, data: str) -> dict[str, float]:
        self.open()
        started = time.perf_counter()
        self.client.command(PHOTOS)
        self.client.command(CONVERSIONS)
        self._insert(data, "photos", ["photo_id", "photo_image_url", "photo_embed"])
        self._insert(data, "conversions", ["photo_id", "keyword"])
        return {"load": time.perf_counter() - started}

    def load_all_columns(self, data: str) -> float:
        """Seconds to insert tuples into tables like this project's sources, which are then dropped.

        They go in batches, unlike the notebook's, because twelve million tuples do not fit in
        memory.
        """
        seconds = 0.0
        for table in ("photos", "conversions"):
            with pq.ParquetFile(Path(data, f"{table}.parquet")) as file:
                columns = ", ".join(
                    f"{field.name} {TYPES.get(field.type, 'Nullable(String)')}"
                    for field in file.schema_arrow
                )
                self.client.command(
                    f"create table every_column ({columns}) engine = MergeTree order by tuple()"
                )
                inserted, started = 0, time.perf_counter()
                for batch in file.iter_batches(BATCH):
                    self._insert_frame("every_column", batch.to_pandas())
                    inserted += len(batch)
                    if inserted >= MOST:
                        break
                seconds += (time.perf_counter() - started) * file.metadata.num_rows / inserted
            self.client.command("drop table every_column")
        return seconds

    def _insert(self, data: str, table: str, columns: list[str]) -> None:
        frame = pq.read_table(Path(data, f"{table}.parquet"), columns=columns).to_pandas()
        frame.insert(0, "id", pd.RangeIndex(len(frame)))
        self._insert_frame(table, frame)

    def _insert_frame(self, table: str, frame: pd.DataFrame) -> None:
        rows = frame.astype(object).where(frame.notna(), None).to_records(index=False).tolist()
        self.client.insert(table, rows, column_names=list(frame.columns))

    @functools.cache  # noqa: B019 - one engine a process
    def _vector(self, photo_id: str) -> list[float]:
        """The notebook has it in memory, so the warm-up reads it."""
        sql = "select photo_embed from photos where photo_id = {photo_id:String}"
        return list(self.client.query(sql, {"photo_id": photo_id}).first_row[0])

    def exact(self, photo_id: str) -> list[tuple[str, float]]:
        sql = SIMILAR.format(photo_id=photo_id, vector=self._vector(photo_id))
        return [
            (photo_id, distance) for photo_id, _, distance in self.client.query(sql).result_rows
        ]

    def downloads(self, photo_id: str) -> list[tuple[str, int]]:
        sql = DOWNLOADS.format(photo_id=photo_id, vector=self._vector(photo_id))
        return list(self.client.query(sql).result_rows)

    def size_on_disk(self) -> int:
        return folder_size(self.work)

    def close(self) -> None:
        self.client.close()
