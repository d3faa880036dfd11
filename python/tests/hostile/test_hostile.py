"""Awkward collections in every step: embed, load, build, questions, pages.

HOSTILE_SEEDS says how many run, starting at seed 0. By default these are a few. `make test-hostile`
runs 200.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from hostile.collection import HOST, Collection, make_collection
from hostile.visit import Rows, visit
from truth import Truth, folded
from warm_project import DbtProcess

SEEDS = range(int(os.environ.get("HOSTILE_SEEDS", "3")))
TARGETS = 3
TOP_K = 10
PATHS = ("/", "/random", "/map", "/map.svg", "/map/points.json", "/quality", "/photo/unknown")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hostile_collection_loses_no_row_and_gives_correct_answers(
    seed: int, tmp_path: Path
) -> None:
    collection, dbt = make_collection(seed, tmp_path), DbtProcess(tmp_path)
    if not embed(collection, dbt):
        return
    out = str(collection.out)
    check(dbt.load("--data", out))
    check(dbt.run("build"))
    truth = Truth(collection.out)
    downloads = read_downloads(collection.out, truth)
    counts = downloads.groupby("photo_id").size()
    keywords = downloads["keyword"].map(folded, na_action="ignore").value_counts()
    targets = truth.ids[:: max(1, len(truth.ids) // TARGETS)][:TARGETS]
    questions: list[tuple[str, dict[str, Any]]] = [
        ("photo_conversions", {"photo_id": target, "top_k": TOP_K, "exact": exact})
        for target in targets
        for exact in (True, False)
    ]
    questions.append(("keyword_rollup", {"aliases": False, "limit": 1_000_000}))
    paths = [*PATHS, *(f"/photo/{target}" for target in targets)]
    seen = dbt.call(visit, out, questions, paths)
    *similar, rollup = seen.answers
    for (_, arguments), rows in zip(questions[:-1], similar, strict=True):
        check_similar(rows, truth, arguments["photo_id"], counts)
    assert {row["keyword"]: row["count_downloads"] for row in rollup} == keywords.to_dict()
    for path, page in seen.pages.items():
        assert page.status == (404 if path.endswith("/unknown") else 200), (path, page.text)
        assert page.is_json or "<script>alert" not in page.text


def check(outcome: Any) -> None:
    assert outcome.exit_code == 0, outcome.output
    assert "Traceback" not in outcome.output


def embed(collection: Collection, dbt: DbtProcess) -> bool:
    """Embed, and account for every row. Returns whether there is output."""
    outcome = dbt.embed(
        *("--json", "--model", "demo", "--max-failure-rate", "1"),
        *("--allow-host", HOST, "--photos-from", str(collection.thumbnails)),
        *("--dataset", str(collection.dataset), "--out", str(collection.out)),
    )
    assert "Traceback" not in outcome.output
    if outcome.exit_code:
        if collection.has_open_quote:
            expected = "--literal-quotes"
        elif "has a valid photo_id" in outcome.output:
            expected = f"None of the {len(collection.conversions)} rows"
            ids = [row["photo_id"] for row in collection.conversions]
            assert not any(re.fullmatch("[A-Za-z0-9_-]{1,64}", photo_id) for photo_id in ids)
        else:
            expected = "has a vector"
        assert expected in outcome.output, outcome.output
        assert not list(collection.out.glob("*.parquet*")) or expected == "has a vector"
        return False
    assert not collection.has_open_quote
    summary = json.loads(outcome.output.splitlines()[-1])
    failures = sum(summary["failures"].values())
    assert len(collection.photos) == summary["photos"] + failures + summary["duplicate_photos"]
    assert len(collection.conversions) == (
        summary["conversions"] + summary["conversions_without_photo_id"]
    )
    assert collection.malformed == summary["malformed_rows"]
    for name, count in {
        "photos": summary["photos"],
        "photo_failures": failures,
        "conversions": summary["conversions"],
    }.items():
        assert pq.read_metadata(collection.out / f"{name}.parquet").num_rows == count
    return True


def read_downloads(out: Path, truth: Truth) -> pd.DataFrame:
    """The conversions of photos in the collection. A duplicate counts once."""
    conversions = pq.read_table(out / "conversions.parquet").to_pandas().drop_duplicates()
    return conversions[conversions["photo_id"].isin(truth.ids)]


def check_similar(rows: Rows, truth: Truth, target: str, counts: "pd.Series[int]") -> None:
    """Check that the rows equal those of numpy: nearest first, ties by photo_id, with downloads."""
    expected = truth.similar(target)[:TOP_K]
    assert [row["photo_id"] for row in rows] == [photo_id for photo_id, _ in expected]
    assert [row["distance"] for row in rows] == pytest.approx(
        [distance for _, distance in expected], abs=1e-6
    )
    assert [row["count_downloads"] for row in rows] == [
        counts.get(photo_id, 0) for photo_id, _ in expected
    ]
