"""Compares this project's search with others, on invented data of the real size, in one run.

    python benchmarks/search.py                                # the real size
    python benchmarks/search.py --photos 200000 --conversions 8000000 --once
    python benchmarks/search.py --only photo_search,pgvector   # fewer engines
    python benchmarks/search.py --photos 1000000 --conversions 8000000 --load-only \
        --only photo_search,notebook,duckdb                    # no index, no question
    python benchmarks/search.py --quick                        # a minute, to see that it runs

The invented data stay in the cache. `--prepare` makes them and the environment of the other engines
(requirements-search.txt) beforehand. `--once --keep` keeps the loaded databases, and `--again` only
asks them. Each run replaces the figures of its size in benchmarks/results/search/, writes all sizes
to benchmarks/results/search.md and prints them.
"""

import argparse
import hashlib
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from search_bench import dbt_costs
from search_bench.asking import ask_in_turn, find_effort
from search_bench.data import World, write_data
from search_bench.filters import SHARES
from search_bench.machine import describe_machine
from search_bench.remote import BENCHMARKS, ROOT, Cost, RemoteEngine, peers_python
from search_bench.report import write_report
from search_bench.truth import Truth

NEW_PHOTOS, NEW_CONVERSIONS = 1_000, 100_000
RESULTS = BENCHMARKS / "results" / "search"
APPROXIMATE = {"pgvector", "lancedb", "usearch"}  # engines whose candidate list needs a size
OF_THIS_PROJECT = {"photo_search", "notebook"}  # run in this environment
FILTERED = [f"filtered {share}" for share in SHARES]
QUESTIONS = {
    "photo_search": [
        "similar", "exact", "downloads_kept",
        *FILTERED, *(f"filtered_exact {share}" for share in SHARES),
    ],
    "notebook": ["exact", "downloads"],
    "pgvector": ["similar", "exact", "downloads", "downloads_kept", *FILTERED],
    "duckdb": ["exact", "downloads", "downloads_kept", *FILTERED],
    "lancedb": ["similar", "exact", "downloads"],
    "numpy_pandas": ["exact", "downloads"],
    "usearch": ["similar"],
}  # fmt: skip
OPENED_AGAIN = {"photo_search", "notebook", "pgvector", "duckdb", "lancedb"}
# It is too slow without statements sent by hand, and the time for neighbours grows with the square
# of the photos.
PYTHON_MODELS = ["photo_neighbours+", "photo_clusters+", "photo_map+"]


def main() -> None:
    options = _options()
    day1, day2 = _data(options)
    if options.prepare:
        peers_python(options.cache)
        return
    work = options.work
    loaded = work / "loaded.json"
    if not options.again:
        shutil.rmtree(work, ignore_errors=True)
    truth = None if options.load_only else Truth(day1, options.query_photos)
    engines: dict[str, RemoteEngine] = {}
    result: dict[str, Any] = {
        "machine": describe_machine(),
        "photos": options.photos,
        "conversions": options.conversions,
        "query_photos": options.query_photos,
        "loading": {},
        "effort": {},
        "dbt": {},
    }
    if options.again:
        result |= json.loads(loaded.read_text())
    try:
        for name in options.only:
            print(f"loading {name}", file=sys.stderr)
            engines[name] = _start(name, work, options.cache)
            if options.again:
                engines[name].call("open")
            else:
                result["loading"][name] = _load(engines[name], day1, result["dbt"], options)
            if truth and name in APPROXIMATE:
                result["effort"][name] = find_effort(engines[name], "similar", truth)
        loaded.write_text(json.dumps({key: result[key] for key in ("loading", "dbt")}))
        if truth:
            result["asking"] = _ask(engines, truth, options.rounds)
        for name, engine in engines.items():
            result["loading"][name] |= _sizes(engine, is_warm=truth is not None)
    finally:
        for engine in engines.values():
            engine.close()
    if truth and "photo_search" in engines:
        result["dbt"]["operations"] = _operations(work, truth, 2 * options.rounds)
        if not options.once:
            dbt_costs.load(day2, work / "photo_search")
            for build in ("build_of_new", "build_of_nothing"):
                result["dbt"][build] = asdict(dbt_costs.build(work / "photo_search"))
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{options.photos}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(write_report(RESULTS, BENCHMARKS / "results" / "search.md"))
    if not options.keep:
        shutil.rmtree(work)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=25_000)
    parser.add_argument("--conversions", type=int, default=12_150_000)
    parser.add_argument("--query-photos", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3, help="measured after a first one")
    parser.add_argument("--only", type=lambda names: names.split(","), default=[*QUESTIONS])
    parser.add_argument("--quick", action="store_true", help="2,000 photos, 10 query photos")
    parser.add_argument("--prepare", action="store_true", help="only make the data")
    parser.add_argument(
        "--once",
        action="store_true",
        help="build once, and only what questions need, for larger sizes",
    )
    parser.add_argument("--load-only", action="store_true", help="load, and ask nothing")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/photo_search/search")
    parser.add_argument("--work", type=Path, help="folder of the databases, emptied first")
    parser.add_argument("--keep", action="store_true", help="do not remove the databases")
    parser.add_argument("--again", action="store_true", help="ask those of --once --keep")
    options = parser.parse_args()
    known = OPENED_AGAIN if options.again else set(QUESTIONS)
    if unknown := set(options.only) - known:
        parser.error(f"--only must be of {', '.join(known)}. Got: {', '.join(unknown)}")
    if options.quick:
        options.photos, options.conversions = 2_000, 50_000
        options.query_photos, options.rounds = 10, 1
    options.once |= options.again or options.load_only
    options.keep |= options.again
    options.work = options.work or options.cache / f"{options.photos}"
    return options


def _data(options: argparse.Namespace) -> tuple[Path, Path]:
    """The folders with the files of the first and the second day. Makes them unless they are
    cached.
    """
    count_photos, count_conversions = options.photos, options.conversions
    maker = hashlib.sha256((BENCHMARKS / "search_bench" / "data.py").read_bytes()).hexdigest()[:8]
    data = options.cache / f"data-{count_photos}-{count_conversions}-{maker}"
    days = data / "day1", data / "day2"
    world = World(count_photos + NEW_PHOTOS, ROOT / "seeds" / "showcase_photos.csv")
    if not days[0].exists():
        print("making data", file=sys.stderr)
        write_data(days[0], world, range(count_photos), range(count_conversions))
    if not options.once and not days[1].exists():
        new_photos = range(count_photos, count_photos + NEW_PHOTOS)
        new_conversions = range(count_conversions, count_conversions + NEW_CONVERSIONS)
        write_data(days[1], world, new_photos, new_conversions, onto=days[0])
    return days


def _start(name: str, work: Path, cache: Path) -> RemoteEngine:
    python = Path(sys.executable) if name in OF_THIS_PROJECT else peers_python(cache)
    return RemoteEngine(name, python, work / name)


def _ask(engines: dict[str, RemoteEngine], truth: Truth, rounds: int) -> dict[str, Any]:
    print("asking", file=sys.stderr)
    questions = {name: QUESTIONS[name] for name in engines}
    return {
        name: {question: timing.summary() for question, timing in of_engine.items()}
        for name, of_engine in ask_in_turn(engines, questions, truth, rounds).items()
    }


def _load(
    engine: RemoteEngine, data: Path, dbt: dict[str, Any], options: argparse.Namespace
) -> dict[str, Any]:
    """Load the first day's data into an engine. Returns seconds by step and the peak memory."""
    if engine.name != "photo_search":
        answer = engine.call("load", str(data))
        loaded = {"seconds": answer.value, "peak_bytes": answer.peak_bytes}
        if engine.name == "pgvector":
            loaded["peak_bytes"] += engine.call("most_server_bytes").value
        if engine.name == "notebook" and not options.once:
            every_column = engine.call("load_all_columns", str(data))
            loaded["seconds"]["every column, in batches"] = every_column.value
        return loaded
    load = dbt_costs.load(data, options.work / engine.name)
    dbt["load"] = asdict(load)
    seconds, peak_bytes = {"load": load.seconds}, load.peak_bytes
    if not options.load_only:
        build = _build(options.work, dbt, options.once)
        seconds["dbt build"] = build.seconds
        peak_bytes = max(peak_bytes, build.peak_bytes)
        engine.call("open")
    return {"seconds": seconds, "peak_bytes": peak_bytes}


def _build(work: Path, dbt: dict[str, Any], once: bool) -> Cost:
    """Build this project's tables, and add the costs to `dbt`. Returns the database to ask."""
    database, copy, by_hand = work / "photo_search", work / "copy", work / "by_hand"
    without_python = ["--exclude", *PYTHON_MODELS]
    if once:
        build = dbt_costs.build(database, *without_python)
        dbt["build_sql"] = asdict(build)
        return build
    dbt_costs.copy(database, copy)
    dbt_costs.copy(database, by_hand)
    dbt["build_sql"] = asdict(dbt_costs.build(copy, *without_python))
    dbt["by_hand"] = dbt_costs.by_hand(by_hand, copy, Path(sys.executable))
    build = dbt_costs.build(database)
    dbt["build"] = asdict(build)
    return build


def _sizes(engine: RemoteEngine, is_warm: bool) -> dict[str, int]:
    """The size on disk, and the memory if the engine was asked."""
    answer = engine.call("size_on_disk")
    server = engine.call("server_bytes").value if engine.name == "pgvector" else 0
    return {
        "bytes_on_disk": answer.value,
        "warm_bytes": answer.peak_bytes + server if is_warm else 0,
    }


def _operations(work: Path, truth: Truth, times: int) -> dict[str, list[dict[str, float]]]:
    operations = dbt_costs.operations(work / "photo_search", truth.query_photos[0], times)
    return {name: [asdict(cost) for cost in costs] for name, costs in operations.items()}


if __name__ == "__main__":
    main()
