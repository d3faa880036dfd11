"""Compares a dbt Python model with the same work by hand, on chDB or on a server.

    python benchmarks/python_models.py [--rows 25000] [--stream-rows 1000000] [--http]

--http asks the tests' stand-in for MyScale, a ClickHouse behind HTTP in a process of its own.

The work: vectors of 512 numbers are read, divided by their lengths with numpy, written to a new
table, and the new table is put in the place of an old one. By hand that is clickhouse-connect and
nothing else. Start-up of Python and dbt is not counted. Each measurement has a process of its own,
whose peak memory holds Python, dbt and the engine.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1] / "adapters"))
from myscale_standin import MyScaleStandIn

DIMENSION = 512
MODEL = """
import numpy as np
import pyarrow as pa


def unit(vectors):
    numbers = vectors.flatten().to_numpy().reshape(-1, 512)
    numbers = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)
    return pa.FixedSizeListArray.from_arrays(pa.array(numbers.ravel()), 512)


def model(dbt, session):
    dbt.config(
        materialized="table",
        order_by="id",
        query_settings={settings},
        meta={{"frame": "{frame}"}},
    )
    rows = dbt.source("raw", "vectors")
    return {result}
"""
MODELS = {
    "whole": MODEL.format(
        frame="arrow",
        settings={},
        result='pa.table({"id": rows["id"], "v": unit(rows["v"].combine_chunks())})',
    ),
    "stream": MODEL.format(
        frame="batches",
        settings={"max_threads": 1, "max_block_size": 8192, "min_insert_block_size_rows": 2**13},
        result='(pa.record_batch({"id": part["id"], "v": unit(part["v"])}) for part in rows)',
    ),
}
COLUMNS = [{"name": "id", "data_type": "UInt32"}, {"name": "v", "data_type": "Array(Float32)"}]
FILES = {
    "dbt_project.yml": {"name": "bench", "version": "1.0.0", "profile": "bench"},
    "models/schema.yml": {
        "sources": [{"name": "raw", "schema": "bench", "tables": [{"name": "vectors"}]}],
        "models": [{"name": name, "columns": COLUMNS} for name in MODELS],
    },
}


class Measured(NamedTuple):
    seconds: list[float]
    peak_bytes: int


def connect(folder: Path, port: int) -> Any:
    import clickhouse_connect

    if port:
        return clickhouse_connect.get_client(host="127.0.0.1", port=port)
    return clickhouse_connect.get_client(interface="chdb", path=str(folder / "chdb"))


def fill(folder: Path, port: int, rows: int) -> None:
    """Make the table to read, and an empty one that the work by hand replaces."""
    client = connect(folder, port)
    client.command("create database bench")
    numbers = f"arrayMap(i -> toFloat32(cityHash64(number, i) % 1000 + 1), range({DIMENSION}))"
    for name, source in {"vectors": f"numbers({rows})", "by_hand": "numbers(0)"}.items():
        client.command(
            f"create table bench.{name} engine = MergeTree order by id as "
            f"select toUInt32(number) as id, {numbers} as v from {source}"
        )
    client.close()


def by_hand(folder: Path, port: int) -> float:
    client = connect(folder, port)
    start = time.perf_counter()
    rows = client.query_arrow("select * from bench.vectors")
    vectors = rows["v"].combine_chunks().flatten().to_numpy().reshape(-1, DIMENSION)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    offsets = np.arange(len(vectors) + 1, dtype=np.int32) * DIMENSION
    lists = pa.ListArray.from_arrays(pa.array(offsets), pa.array(vectors.ravel()))
    client.command("create table bench.new as bench.by_hand")
    client.insert_arrow("bench.new", pa.table({"id": rows["id"], "v": lists}))
    client.command("exchange tables bench.new and bench.by_hand")
    client.command("drop table bench.new")
    return time.perf_counter() - start


def by_dbt(folder: Path, model: str) -> float:
    from dbt.cli.main import dbtRunner

    options = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--select", model]
    ran = dbtRunner().invoke(["--quiet", "run", *options])
    assert ran.success, ran.exception
    [result] = ran.result.results
    return result.execution_time


def write_project(folder: Path, port: int) -> None:
    target = {"type": "chdb", "chdb_path": str(folder / "chdb"), "schema": "bench"}
    if port:
        server = {"host": "127.0.0.1", "port": port, "secure": False, "user": "default"}
        target = server | {"type": "myscale", "edition": "oss", "schema": "bench"}
    profile = {"bench": {"target": "local", "outputs": {"local": target}}}
    (folder / "models").mkdir()
    for name, content in (FILES | {"profiles.yml": profile}).items():
        (folder / name).write_text(json.dumps(content))
    for name, text in MODELS.items():
        (folder / "models" / f"{name}.py").write_text(text)


def _measure(work: Callable[..., Any], arguments: tuple[Any, ...], times: int) -> Measured:
    seconds = [work(*arguments) for _ in range(times)]
    return Measured(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def measure(work: Callable[..., Any], *arguments: Any, times: int = 1) -> Measured:
    """Run in a new process, to measure peak memory. chDB serves one process at a time."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, work, arguments, times).result()


def compare(rows: int, repeats: int, port: int) -> None:
    """Both ways in turn, on one table, twice in each process. The first time includes imports."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, port)
        measure(fill, folder, port, rows)
        measure(by_dbt, folder, "whole")
        runs = [
            (
                measure(by_hand, folder, port, times=2),
                measure(by_dbt, folder, "whole", times=2),
            )
            for _ in range(repeats)
        ]
    megabytes = rows * DIMENSION * 4 / 1e6
    print(f"{rows:,} vectors, {megabytes:.0f} MB each way, median of {repeats} runs in turn:")
    for which, when in enumerate(("first in its process", "again")):
        seconds = {}
        for label, way in zip(("by hand", "model"), zip(*runs, strict=True), strict=True):
            seconds[label] = statistics.median(run.seconds[which] for run in way)
            peak = max(run.peak_bytes for run in way) / 1e6
            print(f"  {when}, {label}: {seconds[label]:.2f} s, peak {peak:.0f} MB")
        print(f"  {when}, model / by hand: {seconds['model'] / seconds['by hand']:.2f}")


def stream(rows: int, port: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, port)
        measure(fill, folder, port, rows)
        run = measure(by_dbt, folder, "stream")
    megabytes = rows * DIMENSION * 4 / 1e6
    print(f"{rows:,} vectors, {megabytes:.0f} MB each way, as a stream:")
    print(f"  {run.seconds[0]:.0f} s, peak {run.peak_bytes / 1e6:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=25_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--stream-rows", type=int, default=1_000_000)
    parser.add_argument("--http", action="store_true")
    given = parser.parse_args()
    with MyScaleStandIn(2, "oss") if given.http else nullcontext() as server:
        port = server.port if server else 0
        if given.rows:
            compare(given.rows, given.repeats, port)
        if given.stream_rows:
            stream(given.stream_rows, port)


if __name__ == "__main__":
    main()
