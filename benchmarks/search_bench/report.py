"""The figures of all sizes as one page of Markdown: first the goals, then the measurements."""

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

Result = dict[str, Any]
MIB = 2**20
HEADER = """\
# Search, measured

`make bench-search` (benchmarks/search.py) writes this page.

Times are in milliseconds, from the call until all rows are fetched. The engines take turns in one
warm run, on the same invented data. A ratio is photo_search's median divided by the other's, so
photo_search is faster below 1. Both medians are from one run, because absolute times depend on the
machine.

Recall is the share of the true ten nearest photos that an answer has, computed in float64, with
ties allowed. An approximate index uses the smallest candidate list that reaches 0.99. photo_search
uses what its macros set.

`filtered` and `filtered_exact` ask for the ten nearest of the photos that pass a filter. The number
is the share of photos that pass. `filtered_exact` uses `exact=true`. pgvector filters with its
iterative scan. The last column counts the answers that have exactly ten rows, or as many as pass
the filter.
"""


class Goal(NamedTuple):
    """A figure of one run, usually a ratio, and its upper limit by number of photos."""

    what: str
    ratio: Callable[[Result], float | None]
    at_most: dict[int, float]


def write_report(results: Path, page: Path) -> str:
    """Write all `*.json` of `results` to `page`. Returns its text."""
    runs = sorted(
        (json.loads(file.read_text()) for file in results.glob("*.json")),
        key=lambda run: run["photos"],
    )
    parts = [HEADER, "## Goals\n", _goals(runs)]
    for run in runs:
        parts += [
            f"## {run['photos']:,} photos, {run['conversions']:,} conversions\n",
            f"{run['machine']}.\n",
            _asking(run) if "asking" in run else "Loaded only.\n",
            _loading(run),
            _dbt(run),
        ]
    text = "\n".join(parts)
    page.write_text(text)
    return text


def _over(question: str, peer: str, its_question: str) -> Callable[[Result], float | None]:
    """photo_search's median divided by another engine's."""

    def ratio(run: Result) -> float | None:
        try:
            own = run["asking"]["photo_search"][question]["p50"]
            return float(own / run["asking"][peer][its_question]["p50"])
        except KeyError:
            return None

    return ratio


def _dbt_ratio(
    above: Callable[[Result], float], below: Callable[[Result], float]
) -> Callable[[Result], float | None]:
    def ratio(run: Result) -> float | None:
        try:
            return above(run["dbt"]) / below(run["dbt"])
        except KeyError:
            return None

    return ratio


def _seconds(build: str) -> Callable[[Result], float]:
    return lambda dbt: float(dbt[build]["seconds"])


def _operation(name: str) -> Callable[[Result], float]:
    return lambda dbt: median(cost["seconds"] for cost in dbt["operations"][name])


def _wrong_rows(run: Result) -> float | None:
    questions = run.get("asking", {}).get("photo_search", {}).values()
    return sum(timing["wrong_rows"] for timing in questions) if questions else None


def _over_pgvector(figure: str) -> Callable[[Result], float | None]:
    def ratio(run: Result) -> float | None:
        loading = run["loading"]
        if not {"photo_search", "pgvector"} <= loading.keys():
            return None
        own, its = loading["photo_search"][figure], loading["pgvector"][figure]
        return float(own / its) if own and its else None

    return ratio


def _load_over_tuples(step: str) -> Callable[[Result], float | None]:
    """`photo-search load` divided by one way of the notebook's `client.insert`."""

    def ratio(run: Result) -> float | None:
        try:
            tuples = run["loading"]["notebook"]["seconds"][step]
            return float(run["dbt"]["load"]["seconds"] / tuples)
        except KeyError:
            return None

    return ratio


ANY, LITE, EIGHT = 0, 25_000, 200_000
GOALS = [
    Goal("answers of photo_search that are not exactly ten rows, filtered or not, index or not",
         _wrong_rows, {ANY: 0}),
    Goal("similar_photos over pgvector", _over("similar", "pgvector", "similar"), {ANY: 1.7}),
    Goal("similar_photos over LanceDB", _over("similar", "lancedb", "similar"), {ANY: 1}),
    Goal("similar_photos over DuckDB", _over("similar", "duckdb", "exact"), {ANY: 1}),
    Goal("photo_conversions over the notebook's JOIN",
         _over("downloads_kept", "notebook", "downloads"), {LITE: 0.2, EIGHT: 0.03}),
    Goal("photo_conversions over DuckDB's JOIN",
         _over("downloads_kept", "duckdb", "downloads"), {LITE: 0.33, EIGHT: 0.15}),
    Goal("photo_conversions over LanceDB + Arrow",
         _over("downloads_kept", "lancedb", "downloads"), {LITE: 0.5, EIGHT: 0.15}),
    Goal("photo_conversions over pgvector's JOIN",
         _over("downloads_kept", "pgvector", "downloads"), {ANY: 1.5}),
    Goal("photo_conversions over pgvector with a roll-up",
         _over("downloads_kept", "pgvector", "downloads_kept"), {ANY: 1.5}),
    Goal("exact search over DuckDB", _over("exact", "duckdb", "exact"), {ANY: 0.5}),
    Goal("`photo-search load` over `client.insert` of tuples, past 2 million in proportion",
         _load_over_tuples("every column, in batches"), {ANY: 0.1}),
    Goal("`photo-search load` over the notebook's, of 5 columns out of 45",
         _load_over_tuples("load"), {ANY: 0.1}),
    Goal("`dbt build` of all but Python models over its statements by hand",
         _dbt_ratio(_seconds("build_sql"), lambda dbt: dbt["by_hand"]), {ANY: 1.3}),
    Goal("`dbt build` after 1,000 photos and 100,000 conversions over the first",
         _dbt_ratio(_seconds("build_of_new"), _seconds("build")), {ANY: 0.2}),
    Goal("`dbt build` of nothing new over the first",
         _dbt_ratio(_seconds("build_of_nothing"), _seconds("build")), {}),
    Goal("`dbt run-operation similar_photos` over an empty operation",
         _dbt_ratio(_operation("similar_photos"), _operation("empty")), {ANY: 1.15}),
    Goal("size on disk over pgvector's", _over_pgvector("bytes_on_disk"), {}),
    Goal("peak memory while loading over pgvector's", _over_pgvector("peak_bytes"), {}),
    Goal("peak memory while answering over pgvector's", _over_pgvector("warm_bytes"), {}),
]  # fmt: skip


def _goals(runs: Sequence[Result]) -> str:
    """The ratio of each size beside each goal. A missed goal is bold and says so."""
    rows = []
    for goal in GOALS:
        cells = [goal.what]
        for run in runs:
            ratio = goal.ratio(run)
            limits = [goal.at_most[size] for size in sorted(goal.at_most) if size <= run["photos"]]
            if ratio is None or not limits:
                cells.append("" if ratio is None else f"{ratio:.3g}")
                continue
            met = f"{ratio:.3g} (≤ {limits[-1]:g})"
            cells.append(met if ratio <= limits[-1] else f"**{met} missed**")
        rows.append(cells)
    return _table(["ratio (goal)", *(f"{run['photos']:,} photos" for run in runs)], rows)


def _asking(run: Result) -> str:
    rows = []
    for question in dict.fromkeys(chain.from_iterable(run["asking"].values())):
        for engine, timings in run["asking"].items():
            if question in timings:
                timing = timings[question]
                effort = run["effort"].get(engine) if question != "exact" else None
                right_rows = f"{timing['answers'] - timing['wrong_rows']} of {timing['answers']}"
                wrong = "" if timing["agree"] else " wrong counts"
                rows.append([
                    question, engine, f"{timing['p50']:.2f}", f"{timing['p95']:.2f}",
                    f"{timing['recall']:.4f}{wrong}", str(effort or ""), right_rows,
                ])  # fmt: skip
    head = ["question", "engine", "p50", "p95", "recall@10", "ef", "right rows"]
    return f"{run['query_photos']} query photos.\n\n" + _table(head, rows)


def _loading(run: Result) -> str:
    rows = [
        [
            engine,
            ", ".join(f"{step} {seconds:.1f}" for step, seconds in loading["seconds"].items()),
            _mib(loading["peak_bytes"]),
            _mib(loading["warm_bytes"]),
            _mib(loading["bytes_on_disk"]),
        ]
        for engine, loading in run["loading"].items()
    ]
    head = [
        "engine",
        "seconds",
        "peak MiB while loading",
        "peak MiB while answering",
        "MiB on disk",
    ]
    return _table(head, rows)


def _dbt(run: Result) -> str:
    if not run["dbt"]:
        return ""
    costs = {
        "`photo-search load`": run["dbt"]["load"],
        "`dbt build`, cold": run["dbt"].get("build"),
        "`dbt build`, cold, all but Python models": run["dbt"].get("build_sql"),
        "`dbt build` after 1,000 photos and 100,000 conversions": run["dbt"].get("build_of_new"),
        "`dbt build` of nothing new": run["dbt"].get("build_of_nothing"),
    }
    rows = [
        [what, *(f"{cost[key]:.1f}" for key in ("seconds", "cpu_seconds")),
         _mib(cost["peak_bytes"])]
        for what, cost in costs.items() if cost
    ]  # fmt: skip
    if "by_hand" in run["dbt"]:
        by_hand = f"{run['dbt']['by_hand']:.1f}"
        rows.append(
            ["the statements of `dbt build` without Python models, by hand", by_hand, "", ""]
        )
    for name, operations in run["dbt"].get("operations", {}).items():
        middle = [median(cost[key] for cost in operations) for key in ("seconds", "cpu_seconds")]
        peak = max(cost["peak_bytes"] for cost in operations)
        rows.append([
            f"`dbt run-operation` {name}", f"{middle[0]:.1f}", f"{middle[1]:.1f}", _mib(peak),
        ])  # fmt: skip
    return _table(["what", "seconds", "processor seconds", "peak MiB"], rows)


def _mib(size: int) -> str:
    """The size in MiB, or nothing if it was not measured."""
    return f"{size / MIB:,.0f}" if size else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
