"""What a vector_table costs over the same statements by hand, on chDB, by turns in one process.

    python benchmarks/vector_table.py                   # 25,000 rows of 512 numbers
    python benchmarks/vector_table.py --rows 2000 --rounds 1

Each turn makes a new table from the same rows, merges it, builds its index and swaps it in. The
time of dbt is that of the model, without the start of dbt and the reading of the
project. The result is printed and written to benchmarks/results/vector_table.md.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import clickhouse_connect
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg
from search_bench.machine import describe_machine

ROOT = Path(__file__).parents[1]
DIMENSION = 512
INDEX = f"vector_similarity('hnsw', 'cosineDistance', {DIMENSION}, 'f32', 32, 128)"
BY_HAND = [
    "create table bench.filling (id UInt32, v Array(Float32)) engine = MergeTree order by id",
    "insert into bench.filling select id, v from bench.drawn",
    "optimize table bench.filling final",
    f"alter table bench.filling add index v_index v type {INDEX}",
    "alter table bench.filling materialize index v_index settings mutations_sync = 2",
    "exchange tables bench.filling and bench.by_hand",
    "drop table bench.filling",
]
FILES = {
    "dbt_project.yml": json.dumps({"name": "bench", "profile": "bench"}),
    "profiles.yml": json.dumps(
        {
            "bench": {
                "target": "chdb",
                "outputs": {"chdb": {"type": "chdb", "chdb_path": "chdb", "schema": "bench"}},
            }
        }
    ),
    "models/by_dbt.sql": f"""{{{{ config(
        materialized="vector_table", unique_key="id", order_by="id",
        meta={{"vector_index": {{"column": "v", "dimension": {DIMENSION}}}}},
    ) }}}}
    select id, v from bench.drawn""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=25_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name, text in FILES.items():
            (project / name).parent.mkdir(exist_ok=True)
            (project / name).write_text(text)
        (project / "dbt_packages").mkdir()
        (project / "dbt_packages/vector_search").symlink_to(ROOT / "packages/vector_search")
        _statements(
            project,
            "create database bench",
            "create table bench.by_hand (id UInt8) engine = MergeTree order by id",
            "create table bench.drawn (id UInt32, v Array(Float32)) engine = MergeTree order by id",
            f"""
            insert into bench.drawn
            select number, arrayMap(x -> toFloat32(x / sqrt(arraySum(y -> y * y, drawn))), drawn)
            from (
                select number, arrayMap(i -> randNormal(0, 1, number * {DIMENSION} + i),
                    range({DIMENSION})) as drawn
                from numbers({options.rows})
            )
            """,
        )
        _by_dbt(project)  # so that later rounds swap tables, as by hand
        rounds = [(_by_dbt(project), _statements(project, *BY_HAND)) for _ in range(options.rounds)]
    report = _report(rounds, options.rows)
    print(report)
    (ROOT / "benchmarks/results/vector_table.md").write_text(report)


class Cost(NamedTuple):
    """Seconds on the clock, and of all cores. chDB works in this process."""

    wall: float
    cpu: float

    @staticmethod
    def now() -> "Cost":
        return Cost(time.perf_counter(), time.process_time())

    def since(self, start: "Cost") -> "Cost":
        return Cost(self.wall - start.wall, self.cpu - start.cpu)


def _by_dbt(project: Path) -> Cost:
    """What the model costs, from its start to its end."""
    at: dict[str, Cost] = {}

    def note(event: EventMsg) -> None:
        is_of_a_node = event.info.name in ("NodeStart", "NodeFinished")
        if is_of_a_node and event.data.node_info.resource_type == "model":
            at[event.info.name] = Cost.now()

    quiet = ("--quiet", "--log-level-file", "none", "--no-send-anonymous-usage-stats")
    folders = ("--project-dir", str(project), "--profiles-dir", str(project))
    ran = dbtRunner(callbacks=[note]).invoke([*quiet, "run", "--full-refresh", *folders])
    assert ran.success, ran.exception
    return at["NodeFinished"].since(at["NodeStart"])


def _statements(project: Path, *statements: str) -> Cost:
    """What the statements cost, on a connection that is open."""
    with clickhouse_connect.get_client(interface="chdb", path=str(project / "chdb")) as client:
        start = Cost.now()
        for statement in statements:
            client.command(statement)
        return Cost.now().since(start)


def _report(rounds: list[tuple[Cost, Cost]], rows: int) -> str:
    table = "\n".join(
        f"| {number} | {a.wall:.2f} | {b.wall:.2f} | {a.wall / b.wall:.3f} "
        f"| {a.cpu:.2f} | {b.cpu:.2f} | {a.cpu / b.cpu:.3f} |"
        for number, (a, b) in enumerate(rounds, 1)
    )
    wall = statistics.median(a.wall / b.wall for a, b in rounds)
    cpu = statistics.median(a.cpu / b.cpu for a, b in rounds)
    missed = "" if wall <= 1.1 else ", **missed**"
    return f"""# What a vector_table costs

`python benchmarks/vector_table.py --rows {rows} --rounds {len(rounds)}` writes this page.

A `vector_table` is built with {rows:,} rows of {DIMENSION} numbers, and then the same table with
the same statements by hand: create, insert, merge, add and build the index, exchange, drop. Both
run on chDB in one process, by turns, and replace a table that is there. The time of dbt is that of
the model, without the start of dbt and the reading of the project. If other programs run at the
same time, the CPU seconds say more than the clock.

| round | vector_table, s | by hand, s | ratio | vector_table, CPU s | by hand, CPU s | ratio |
|---|---|---|---|---|---|---|
{table}

The median of the ratios is {wall:.3f} by the clock (goal 1.1{missed}) and {cpu:.3f} by the CPU.

Machine: {describe_machine()}
"""


if __name__ == "__main__":
    main()
