"""This project's search against others, on made-up data of the real size, all engines in one run.

    python benchmarks/search.py                                # the real size
    python benchmarks/search.py --photos 200000 --conversions 8000000
    python benchmarks/search.py --only photo_search,pgvector   # fewer engines
    python benchmarks/search.py --quick                        # a minute, to see that it runs

Each run replaces its size's figures in benchmarks/results/search/, writes all sizes together to
benchmarks/results/search.md and prints them. The peers live in an environment of their own
(requirements-search.txt), made on the first run.
"""

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from search_bench import dbt_costs
from search_bench.asking import ask_in_turn, find_effort
from search_bench.data import World, write_data
from search_bench.machine import describe_machine
from search_bench.remote import BENCHMARKS, ROOT, RemoteEngine, peers_python
from search_bench.report import write_report
from search_bench.truth import Truth

NEW_PHOTOS, NEW_CONVERSIONS = 1_000, 100_000
RESULTS = BENCHMARKS / "results" / "search"
APPROXIMATE = {"pgvector", "lancedb", "usearch"}  # with a candidate list of a size to be found
OF_THIS_PROJECT = {"photo_search", "notebook"}  # run in this environment
QUESTIONS = {
    "photo_search": ["similar", "exact", "downloads_kept"],
    "notebook": ["exact", "downloads"],
    "pgvector": ["similar", "exact", "downloads", "downloads_kept"],
    "duckdb": ["exact", "downloads", "downloads_kept"],
    "lancedb": ["similar", "exact", "downloads"],
    "numpy_pandas": ["exact", "downloads"],
    "usearch": ["similar"],
}


def main() -> None:
    options = _options()
    work = options.work
    shutil.rmtree(work, ignore_errors=True)
    _make_data(work, options.photos, options.conversions, options.once)
    truth = Truth(work / "day1", options.targets)
    engines: dict[str, RemoteEngine] = {}
    result: dict[str, Any] = {
        "machine": describe_machine(),
        "photos": options.photos,
        "conversions": options.conversions,
        "targets": options.targets,
        "loading": {},
        "effort": {},
        "dbt": {},
    }
    try:
        for name in options.only:
            print(f"loading {name}", file=sys.stderr)
            engines[name] = _start(name, work, options.cache)
            result["loading"][name] = _load(engines[name], work, result["dbt"], options.once)
            if name in APPROXIMATE:
                result["effort"][name] = find_effort(engines[name], "similar", truth)
        print("asking", file=sys.stderr)
        questions = {name: QUESTIONS[name] for name in engines}
        timings = ask_in_turn(engines, questions, truth, options.rounds)
        result["asking"] = {
            name: {question: timing.summary() for question, timing in of_engine.items()}
            for name, of_engine in timings.items()
        }
        for name, engine in engines.items():
            result["loading"][name] |= _sizes(engine)
    finally:
        for engine in engines.values():
            engine.close()
    if result["dbt"] and not options.once:
        result["dbt"] |= _later_costs(work, truth, options.rounds)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{options.photos}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(write_report(RESULTS, BENCHMARKS / "results" / "search.md"))
    if not options.keep:
        shutil.rmtree(work)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=25_000)
    parser.add_argument("--conversions", type=int, default=12_150_000)
    parser.add_argument("--targets", type=int, default=100, help="photos asked about")
    parser.add_argument("--rounds", type=int, default=3, help="after one that warms up")
    parser.add_argument("--only", type=lambda names: names.split(","), default=[*QUESTIONS])
    parser.add_argument("--quick", action="store_true", help="2,000 photos, 10 targets")
    parser.add_argument("--once", action="store_true", help="only one build: for the largest size")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/photo_search/search")
    parser.add_argument("--work", type=Path, help="folder of the databases, emptied first")
    parser.add_argument("--keep", action="store_true", help="do not remove the databases")
    options = parser.parse_args()
    if unknown := set(options.only) - set(QUESTIONS):
        parser.error(f"--only must be of {', '.join(QUESTIONS)}. Got: {', '.join(unknown)}")
    if options.quick:
        options.photos, options.conversions = 2_000, 50_000
        options.targets, options.rounds = 10, 1
    options.work = options.work or options.cache / f"{options.photos}"
    return options


def _make_data(work: Path, count_photos: int, count_conversions: int, once: bool) -> None:
    print("making data", file=sys.stderr)
    world = World(count_photos + NEW_PHOTOS, ROOT / "seeds" / "showcase_photos.csv")
    write_data(work / "day1", world, range(count_photos), range(count_conversions))
    if once:
        return
    new_photos = range(count_photos, count_photos + NEW_PHOTOS)
    new_conversions = range(count_conversions, count_conversions + NEW_CONVERSIONS)
    write_data(work / "day2", world, new_photos, new_conversions, onto=work / "day1")


def _start(name: str, work: Path, cache: Path) -> RemoteEngine:
    python = Path(sys.executable) if name in OF_THIS_PROJECT else peers_python(cache)
    return RemoteEngine(name, python, work / name)


def _load(engine: RemoteEngine, work: Path, dbt: dict[str, Any], once: bool) -> dict[str, Any]:
    """Fill an engine with the first day's data: seconds by step and peak memory."""
    if engine.name != "photo_search":
        answer = engine.call("load", str(work / "day1"))
        loaded = {"seconds": answer.value, "peak_bytes": answer.peak_bytes}
        if engine.name == "notebook" and not once:
            every_column = engine.call("load_all_columns", str(work / "day1"))
            loaded["seconds"]["every column, in batches"] = every_column.value
        return loaded
    database = work / engine.name
    load = dbt_costs.load(work / "day1", database)
    if not once:
        dbt_costs.copy(database, work / "by_hand")
    build = dbt_costs.build(database)
    dbt |= {"load": asdict(load), "build": asdict(build)}
    if not once:
        dbt["by_hand"] = dbt_costs.by_hand(work / "by_hand", database, Path(sys.executable))
    engine.call("open")
    return {
        "seconds": {"load": load.seconds, "dbt build": build.seconds},
        "peak_bytes": max(load.peak_bytes, build.peak_bytes),
    }


def _sizes(engine: RemoteEngine) -> dict[str, int | None]:
    """Disk and memory of a warm engine."""
    answer = engine.call("size_on_disk")
    server = engine.call("server_bytes").value if engine.name == "pgvector" else 0
    return {"bytes_on_disk": answer.value, "warm_bytes": answer.peak_bytes + server}


def _later_costs(work: Path, truth: Truth, rounds: int) -> dict[str, Any]:
    """What comes after the first build: operations from the shell, and a second day's data."""
    database = work / "photo_search"
    operations = dbt_costs.operations(database, truth.targets[0], 2 * rounds)
    dbt_costs.load(work / "day2", database)
    return {
        "operations": {
            name: [asdict(cost) for cost in costs] for name, costs in operations.items()
        },
        "build_of_new": asdict(dbt_costs.build(database)),
    }


if __name__ == "__main__":
    main()
