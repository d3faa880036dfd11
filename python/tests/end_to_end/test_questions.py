"""The questions, as operations and as select statements, on the sample photos."""

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dbt.contracts.graph.nodes import Macro

from demo import Demo
from photo_search.ask.photos import MOST_AT_ONCE
from photo_search.ask.quality import read_quality
from truth import Truth
from warm_project import REPOSITORY

TARGET = "H2YYHXTXg_1"
Rows = list[dict[str, Any]]


def ask(demo: Demo, question: str, **arguments: Any) -> Rows:
    outcome = demo.dbt.run(
        "--quiet", "run-operation", question, "--args", json.dumps(arguments | {"output": "json"})
    )
    rows: Rows = json.loads(outcome.check().output)
    return rows


def call(question: str, **arguments: Any) -> str:
    return f"{question}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"


def ask_all(demo: Demo, *calls: str) -> list[Rows]:
    """The answers to several questions, from one dbt command."""
    asked = "".join(
        f"{{% set rows = run_query({one}) %}}"
        "{% if execute %}{% do rows.print_json() %}{{ print('') }}{% endif %}"
        for one in calls
    )
    printed = demo.dbt.run("--quiet", "compile", "--inline", f"{asked}select 1").check().output
    return [json.loads(line) for line in printed.splitlines() if line.startswith("[")][: len(calls)]


def show(demo: Demo, sql: str) -> Rows:
    shown = demo.dbt.run("--quiet", "show", "--inline", sql, "--limit", "-1", "--output", "json")
    rows: Rows = json.loads(shown.check().output)["show"]
    return rows


def ids(rows: Rows) -> list[str]:
    return [row["photo_id"] for row in rows]


@pytest.fixture(scope="module")
def truth(demo: Demo) -> Truth:
    return Truth(demo.data)


@pytest.mark.parametrize(
    "target", [TARGET, "-SyUjsynHau", "--2IBUMsyn1", "01234567012", "sameButCase"]
)
def test_similar_photos_are_the_ten_that_an_exact_scan_finds(
    demo: Demo, truth: Truth, target: str
) -> None:
    rows = ask(demo, "similar_photos", photo_id=target)
    expected = truth.similar(target)[:10]
    assert ids(rows) == [photo_id for photo_id, _ in expected]
    assert [row["distance"] for row in rows] == pytest.approx(
        [distance for _, distance in expected], abs=1e-6
    )


@pytest.mark.parametrize("top_k", [1, 10, 200])
def test_an_answer_has_exactly_top_k_rows_ranked_from_1_without_the_query_photo(
    demo: Demo, top_k: int
) -> None:
    rows = ask(demo, "similar_photos", photo_id=TARGET, top_k=top_k)
    assert [row["similarity_rank"] for row in rows] == list(range(1, top_k + 1))
    assert TARGET not in {row["photo_id"] for row in rows}


def test_a_top_k_above_the_collection_gives_all_other_photos(demo: Demo) -> None:
    count = pq.read_metadata(demo.data / "photos.parquet").num_rows
    rows = ask(demo, "similar_photos", photo_id=TARGET, top_k=1000)
    assert len(rows) == count - 1


def test_the_answer_without_the_index_is_the_same(broken: Demo) -> None:
    with_index = ask(broken, "similar_photos", photo_id=TARGET)
    drop = "{% do run_query('alter table ' ~ ref('photos') ~ ' drop index photo_embed_index') %}"
    broken.dbt.run("show", "--inline", f"{drop} select 1").check()
    without = ask(broken, "similar_photos", photo_id=TARGET)
    assert [row["photo_id"] for row in without] == [row["photo_id"] for row in with_index]
    assert [row["distance"] for row in without] == pytest.approx(
        [row["distance"] for row in with_index], abs=1e-6
    )


@pytest.mark.parametrize(
    ("question", "arguments", "method"),
    [
        ("similar_photos", {}, "hnsw"),
        ("similar_photos", {"exact": True}, "mmap"),
        ("photo_conversions", {}, "hnsw"),
        ("popular_keywords", {}, "hnsw"),
        ("popular_similar_photos", {}, "hnsw"),
    ],
)
def test_a_model_dbt_show_and_an_operation_run_the_same_statement(
    demo: Demo, question: str, arguments: dict[str, Any], method: str
) -> None:
    arguments = {"photo_id": TARGET} | arguments
    select = f"{{{{ {call(question, **arguments)} }}}}"
    statement = demo.dbt.run("--quiet", "compile", "--inline", select).check().output.strip()
    assert {name for name in ("hnsw", "mmap") if name in statement} == {method}
    for command in (
        ["show", "--limit", "-1", "--inline", select],
        ["run-operation", question, "--args", json.dumps(arguments)],
    ):
        log = demo.dbt.run("--log-level", "debug", *command).check().output
        assert statement in re.findall(r"(?s)\*/\s+(.*?)\s+\.\.\.\n", log), command[0]


def test_a_question_gives_the_same_rows_as_a_select_and_as_an_operation(demo: Demo) -> None:
    for question in ("similar_photos", "photo_conversions", "popular_keywords"):
        select = show(demo, f"{{{{ {question}('{TARGET}') }}}}")
        assert select == ask(demo, question, photo_id=TARGET)


def test_a_vector_finds_what_its_photo_finds_and_the_photo_itself_first(
    demo: Demo, truth: Truth
) -> None:
    rows = ask(demo, "similar_photos", vector=list(truth.vector(TARGET)), top_k=11)
    assert ids(rows) == [TARGET] + [photo_id for photo_id, _ in truth.similar(TARGET)[:10]]
    assert {row["query_photo_id"] for row in rows} == {None}


def test_like_and_unlike_search_by_the_difference_of_two_means(demo: Demo, truth: Truth) -> None:
    like, unlike = [TARGET, "t5x8TYpdDps", TARGET], ["33ysL4uEdb-", "--2IBUMsyn1", "YSijkmmcIQV"]
    mean = np.mean([truth.vector(photo_id) for photo_id in like[:2]], axis=0)
    difference = mean - np.mean([truth.vector(photo_id) for photo_id in unlike], axis=0)
    many = [TARGET, *(photo_id for photo_id, _ in truth.similar(TARGET)[:60])]
    mean_of_many = np.mean([truth.vector(photo_id) for photo_id in many], axis=0)
    answers = ask_all(
        demo,
        call("similar_photos", like=like),
        call("similar_photos", like=like, unlike=unlike),
        call("similar_photos", like=like, unlike=unlike, exact=True),
        call("similar_photos", like=many),
    )
    expected = [
        truth.nearest(mean, like),
        *[truth.nearest(difference, like + unlike)] * 2,
        truth.nearest(mean_of_many, many),
    ]
    for rows, nearest in zip(answers, expected, strict=True):
        assert ids(rows) == [photo_id for photo_id, _ in nearest[:10]]
        assert [row["distance"] for row in rows] == pytest.approx(
            [distance for _, distance in nearest[:10]], abs=1e-6
        )


def test_filters_answer_as_pandas_does(demo: Demo, truth: Truth) -> None:
    photos = truth.photos
    iso, width = pd.to_numeric(photos["exif_iso"]), pd.to_numeric(photos["photo_width"])
    uploaded = pd.to_datetime(photos["photo_submitted_at"])
    country, maker = photos["photo_location_country"], photos["exif_camera_make"]
    filters: list[tuple[dict[str, Any], pd.Series[bool]]] = [
        ({"iso": None}, iso.isna()),
        ({"iso": {"not": None}}, iso.notna()),
        ({"iso": 200}, iso == 200),
        ({"iso": [100, 800]}, iso.isin([100, 800])),
        ({"iso": {"min": 200}, "photo_width": {"min": 3456, "max": 4000}},
         (iso >= 200) & width.between(3456, 4000)),
        ({"location_country": "Belgium", "camera_make": ["Canon", "SONY"]},
         (country == "Belgium") & maker.isin(["Canon", "SONY"])),
        ({"location_country": "' or 1=1 --\\"}, country == "nowhere"),
        ({"is_featured": True}, photos["photo_featured"] == "t"),
        ({"is_featured": False}, photos["photo_featured"] != "t"),
        ({"submitted_at": {"min": "2016-01-01", "max": "2018-06-30 12:00:00"}},
         uploaded.between("2016-01-01", "2018-06-30 12:00:00")),
    ]  # fmt: skip
    answers = ask_all(
        demo,
        *(call("similar_photos", photo_id=TARGET, filters=asked, top_k=40) for asked, _ in filters),
    )
    for rows, (asked, matches) in zip(answers, filters, strict=True):
        nearest = truth.nearest(truth.vector(TARGET), [TARGET], matches)
        assert ids(rows) == [photo_id for photo_id, _ in nearest[:40]], asked


def test_a_filter_accepts_a_date_that_yaml_has_parsed(demo: Demo) -> None:
    arguments = (
        f"{{photo_id: {TARGET}, output: json, filters: {{submitted_at: {{max: 2016-01-01}}}}}}"
    )
    asked = demo.dbt.run("--quiet", "run-operation", "similar_photos", "--args", arguments)
    assert len(json.loads(asked.check().output)) == 10


@pytest.fixture(scope="module")
def crowd(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Demo, Truth]:
    """A copy with 4,000 more photos, which have `photo_width` 1 to 4,000 in random order."""
    copy = demo.copy(tmp_path_factory.mktemp("crowd") / "demo")
    random = np.random.default_rng(1)
    vectors = random.normal(size=(4000, 512)) + 3 * random.normal(size=512)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    made = pa.table(
        {
            "photo_id": [f"made-{number}" for number in range(4000)],
            "photo_width": pa.array(random.permutation(4000) + 1, pa.uint32()),
            "photo_embed": pa.array(vectors.astype(np.float32).tolist(), pa.list_(pa.float32())),
        }
    )
    pq.write_table(made, copy.data / "made.parquet")
    columns = ", ".join(made.column_names)
    insert = f"insert into ' ~ ref('photos') ~ ' ({columns}) select {columns} from file("
    insert += f"\\'{copy.data / 'made.parquet'}\\', Parquet)"
    copy.dbt.run("show", "--inline", f"{{% do run_query('{insert}') %}} select 1").check()
    pq.write_table(made, copy.data / "photos.parquet")
    return copy, Truth(copy.data)


def test_a_filter_never_shortens_the_answer(crowd: tuple[Demo, Truth]) -> None:
    demo, truth = crowd
    target = "made-7"
    widest = [4000 // 2, 4000 * 8 // 100, 4000 // 100, 4000 // 1000]
    answers = ask_all(
        demo,
        *(
            call("similar_photos", photo_id=target, filters={"photo_width": {"max": width}})
            for width in widest
        ),
    )
    for width, rows in zip(widest, answers, strict=True):
        nearest = truth.nearest(
            truth.vector(target), [target], truth.photos["photo_width"] <= width
        )
        assert ids(rows) == [photo_id for photo_id, _ in nearest[:10]]
    assert [len(rows) for rows in answers][:3] == [10, 10, 10]
    assert 3 <= len(answers[3]) <= 4


def test_a_page_continues_where_the_previous_one_ended(demo: Demo, truth: Truth) -> None:
    pages: list[Rows] = [ask(demo, "similar_photos", photo_id=TARGET, top_k=100, exact=True)]
    while pages[-1]:
        after = pages[-1][-1]["photo_id"]
        pages += ask_all(demo, call("similar_photos", photo_id=TARGET, top_k=100, after=after))
    rows = [row for page in pages for row in page]
    assert ids(rows) == [photo_id for photo_id, _ in truth.similar(TARGET)]
    assert [row["similarity_rank"] for row in rows] == list(range(1, len(truth.ids)))


def test_pages_respect_filters_and_may_begin_after_a_photo_that_the_filter_excludes(
    demo: Demo, truth: Truth
) -> None:
    without_iso = pd.to_numeric(truth.photos["exif_iso"]).isna()
    nearest = truth.similar(TARGET)
    place = next(i for i, (photo_id, _) in enumerate(nearest) if not without_iso[photo_id])
    rows = ask(
        demo, "similar_photos", photo_id=TARGET, filters={"iso": None}, after=nearest[place][0]
    )
    behind = [photo_id for photo_id, _ in nearest[place:] if without_iso[photo_id]]
    assert ids(rows) == behind[:10]


def test_the_largest_search_still_uses_the_index(demo: Demo, truth: Truth) -> None:
    like, unlike = truth.ids[:MOST_AT_ONCE], truth.ids[MOST_AT_ONCE : 2 * MOST_AT_ONCE]
    select = call("similar_photos", like=like, unlike=unlike, top_k=1000)
    statement = demo.dbt.run("compile", "--inline", f"{{{{ {select} }}}}").check().output
    [limit] = re.findall(r"order by distance asc\s+limit (\d+)", statement)
    assert f"max_limit_for_vector_search_queries = {limit}," in statement
    for refused in (
        call("similar_photos", like=truth.ids[: MOST_AT_ONCE + 1]),
        call("similar_photos", photo_id=TARGET, top_k=1001),
    ):
        assert demo.dbt.run("compile", "--inline", f"{{{{ {refused} }}}}").exit_code == 1


def test_an_answer_ends_with_the_photo_at_max_distance(demo: Demo) -> None:
    rows = ask(demo, "similar_photos", photo_id=TARGET)
    assert (
        ask(demo, "similar_photos", photo_id=TARGET, max_distance=rows[4]["distance"]) == rows[:5]
    )


def test_all_questions_about_similar_photos_choose_the_same_photos(
    demo: Demo, truth: Truth
) -> None:
    choice = {"like": [TARGET, "t5x8TYpdDps"], "filters": {"iso": {"max": 800}}, "top_k": 20}
    similar, counted, popular, fused = ask_all(
        demo,
        call("similar_photos", **choice),
        call("photo_conversions", **choice),
        call("popular_keywords", **choice),
        call("popular_similar_photos", candidates=20, **choice),
    )
    assert ids(counted) == ids(similar)
    assert set(ids(popular)) == {most_popular(counted)}
    assert set(ids(fused)) == set(ids(similar))


def test_popularity_and_similarity_are_blended_by_reciprocal_rank(demo: Demo) -> None:
    counted = ask(demo, "photo_conversions", photo_id=TARGET, top_k=100)
    counts = [row["count_downloads"] for row in counted]
    score = {
        row["photo_id"]: 2 / (10 + row["similarity_rank"])
        + 0.5 / (10 + 1 + sum(count > row["count_downloads"] for count in counts))
        for row in counted
    }
    rows = ask(
        *(demo, "popular_similar_photos"),
        **{"photo_id": TARGET, "top_k": 15},
        **{"similarity_weight": 2, "popularity_weight": 0.5, "rank_constant": 10},
    )
    assert [row["score"] for row in rows] == pytest.approx(sorted(score.values())[:-16:-1])
    assert [row["score"] for row in rows] == pytest.approx([score[i] for i in ids(rows)])
    assert [row["fused_rank"] for row in rows] == list(range(1, 16))
    by_downloads = {"photo_id": TARGET, "similarity_weight": 0, "top_k": 100}
    rows = ask(demo, "popular_similar_photos", **by_downloads)
    assert rows == sorted(rows, key=lambda row: (-row["count_downloads"], row["similarity_rank"]))


def test_85_percent_of_the_ten_nearest_come_from_the_same_photograph_as_the_readme_says(
    demo: Demo, truth: Truth
) -> None:
    with (REPOSITORY / "sample" / "sources.csv").open(newline="") as file:
        source = {row["photo_id"]: row["source"] for row in csv.DictReader(file)}
    rows = show(demo, "select query_photo_id, photo_id from {{ ref('photo_neighbours') }}")
    assert Counter(row["query_photo_id"] for row in rows) == dict.fromkeys(truth.ids, 10)
    same = [source[row["query_photo_id"]] == source[row["photo_id"]] for row in rows]
    assert sum(same) / len(same) == pytest.approx(0.85, abs=0.01)


def test_a_photo_that_nobody_downloaded_counts_0_and_stays_in_the_answer(demo: Demo) -> None:
    rows = ask(demo, "photo_conversions", photo_id=TARGET, top_k=250)
    counts = {row["photo_id"]: row["count_downloads"] for row in rows}
    assert len(rows) == 250
    assert {counts[f"never-used{n}"] for n in range(1, 7) if f"never-used{n}" in counts} == {0}


def test_downloads_are_those_of_the_dataset(demo: Demo) -> None:
    conversions = pq.read_table(demo.data / "conversions.parquet")["photo_id"].to_pylist()
    for row in ask(demo, "photo_conversions", photo_id=TARGET):
        assert row["count_downloads"] == conversions.count(row["photo_id"])


def test_the_most_popular_photo_is_the_most_downloaded_and_the_keywords_are_its_own(
    demo: Demo,
) -> None:
    similar = ask(demo, "photo_conversions", photo_id=TARGET)
    best = most_popular(similar)
    assert [row["photo_id"] for row in similar if row["is_most_popular"]] == [best]
    rows, three = ask_all(
        demo,
        call("popular_keywords", photo_id=TARGET, limit=1000),
        call("popular_keywords", photo_id=TARGET, limit=3),
    )
    assert {row["photo_id"] for row in rows} == {best}
    assert [row["keyword_rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows == sorted(rows, key=lambda row: (-row["count_keyword_downloads"], row["keyword"]))
    assert three == rows[:3]


def most_popular(rows: Rows) -> str:
    best = min(rows, key=lambda row: (-row["count_downloads"], row["similarity_rank"]))
    return str(best["photo_id"])


def test_each_answer_marks_its_own_most_popular_photo(demo: Demo, truth: Truth) -> None:
    counts = truth.conversions["photo_id"].value_counts()
    equal = [str(photo_id) for photo_id in counts.index[counts == counts.mode()[0]]]
    assert len(equal) > 1
    rows = ask_all(
        demo,
        call("photo_conversions", photo_id=TARGET, filters={"photo_id": equal}),
        call("photo_conversions", photo_id=TARGET, top_k=3),
        call("photo_conversions", photo_id=TARGET, top_k=100),
        call("photo_conversions", like=[TARGET, "t5x8TYpdDps"]),
        call("popular_similar_photos", photo_id=TARGET),
        call("popular_similar_photos", photo_id=TARGET, top_k=3, popularity_weight=0),
    )
    for answer in rows:
        marked = [row["photo_id"] for row in answer if row["is_most_popular"]]
        assert marked == [most_popular(answer)]
    assert len({most_popular(answer) for answer in rows}) > 1


def test_no_photo_is_the_most_popular_if_none_was_downloaded(demo: Demo) -> None:
    never = {"photo_id": [f"never-used{number}" for number in range(1, 7)]}
    counted, fused, popular = ask_all(
        demo,
        call("photo_conversions", photo_id=TARGET, filters=never),
        call("popular_similar_photos", photo_id=TARGET, filters=never),
        call("popular_keywords", photo_id=TARGET, filters=never),
    )
    assert {row["count_downloads"] for row in counted} == {0}
    assert ids(counted) == ids(fused)
    assert {row["is_most_popular"] for row in counted + fused} == {False}
    assert popular == []


def test_aliases_can_be_switched_off(demo: Demo) -> None:
    merged = ask(demo, "popular_keywords", photo_id=TARGET, limit=100)
    typed = ask(demo, "popular_keywords", photo_id=TARGET, limit=100, aliases=False)
    assert len(merged) < len(typed)
    assert sum(r["count_keyword_downloads"] for r in merged) == sum(
        r["count_keyword_downloads"] for r in typed
    )


@pytest.mark.parametrize("aliases", [True, False])
def test_a_roll_up_counts_as_pandas_does(demo: Demo, truth: Truth, aliases: bool) -> None:
    choices = [["keyword"], ["country"], ["month", "device"], ["keyword", "country", "month"]]
    answers = ask_all(
        demo,
        *(call("keyword_rollup", by=by, aliases=aliases, limit=10**6) for by in choices),
    )
    table = truth.conversions.assign(keyword=truth.conversions["keyword" if aliases else "typed"])
    for by, rows in zip(choices, answers, strict=True):
        counts = table.groupby(by, dropna=False).size()
        expected = {
            tuple(None if pd.isna(part) else part for part in (key if len(by) > 1 else [key])): n
            for key, n in counts.items()
        }
        assert {tuple(row[name] for name in by): row["count_downloads"] for row in rows} == expected
        assert rows == sorted(rows, key=lambda row: (-row["count_downloads"], *in_order(row, by)))


def in_order(row: dict[str, Any], names: list[str]) -> list[tuple[bool, Any]]:
    """Sorts by these columns, null last, as ClickHouse does."""
    return [(row[name] is None, row[name]) for name in names]


def test_a_roll_up_keeps_the_largest_when_it_is_cut(demo: Demo) -> None:
    everything, cut = ask_all(demo, call("keyword_rollup"), call("keyword_rollup", limit=7))
    assert cut == everything[:7]


@pytest.mark.parametrize("until", [None, "2025-12-24"])
def test_trends_compare_one_period_with_the_one_before(
    demo: Demo, truth: Truth, until: str | None
) -> None:
    table = truth.conversions
    end = pd.Timestamp(until) if until else table["day"].max() + pd.Timedelta(days=1)
    age = (end - table["day"]).dt.days
    now = table[age.between(1, 45)].groupby("keyword").size()
    before = table[age.between(46, 90)].groupby("keyword").size()
    growth = {
        keyword: ((count + 4) / (before.get(keyword, 0) + 4))
        for keyword, count in now.items()
        if count >= 6
    }
    rows = ask(
        *(demo, "trending_keywords"),
        **{"days": 45, "until": until, "minimum": 6, "smoothing": 4, "limit": 12},
    )
    best = sorted(growth.items(), key=lambda pair: (-pair[1], pair[0]))[:12]
    assert [row["keyword"] for row in rows] == [keyword for keyword, _ in best]
    assert [row["growth"] for row in rows] == pytest.approx([value for _, value in best])
    assert [row["count_downloads"] for row in rows] == [now[keyword] for keyword, _ in best]


def test_the_photos_for_a_keyword_are_those_most_downloaded_for_it(
    demo: Demo, truth: Truth
) -> None:
    table = truth.conversions
    merged, typed, nothing = ask_all(
        demo,
        call("photos_for_keyword", keyword="  EYES "),
        call("photos_for_keyword", keyword="eyes", aliases=False),
        call("photos_for_keyword", keyword="it's \\ not there"),
    )
    for rows, matches in (merged, table["keyword"] == "eye"), (typed, table["typed"] == "eyes"):
        counts = table[matches].groupby("photo_id").size()
        best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
        assert [(row["photo_id"], row["count_keyword_downloads"]) for row in rows] == best
    assert nothing == []


def test_related_keywords_lead_to_the_same_photos(demo: Demo, truth: Truth) -> None:
    photos = truth.conversions.groupby("keyword")["photo_id"].agg(set)
    common = {keyword: len(found & photos["eye"]) for keyword, found in photos.items()}
    minimum = sorted(common.values())[-20]
    jaccard = {
        keyword: common[keyword] / len(found | photos["eye"])
        for keyword, found in photos.items()
        if keyword != "eye" and common[keyword] >= minimum
    }
    rows = ask(demo, "related_keywords", keyword="eyes", minimum_photos=minimum, limit=1000)
    assert minimum in {row["count_common_photos"] for row in rows}
    expected = sorted(jaccard.items(), key=lambda pair: (-pair[1], pair[0]))
    assert [row["keyword"] for row in rows] == [keyword for keyword, _ in expected]
    assert [row["jaccard"] for row in rows] == pytest.approx([value for _, value in expected])


def test_near_duplicates_are_all_close_pairs_in_their_connected_groups(
    demo: Demo, truth: Truth
) -> None:
    limit = 0.0025
    expected = truth.groups(limit)
    rows = ask(demo, "near_duplicates", max_distance=limit)
    assert len(rows) > 10
    for row in rows:
        pair = {row["photo_id"], row["duplicate_photo_id"]}
        assert len(pair) == 2
        assert pair <= expected[row["photo_id"]]
        assert row["group_photo_id"] == min(expected[row["photo_id"]])
        assert row["count_group_photos"] == len(expected[row["photo_id"]])
        [distance] = [
            d for i, d in truth.similar(row["photo_id"]) if i == row["duplicate_photo_id"]
        ]
        assert row["distance"] == pytest.approx(distance, abs=1e-6)
    found = {i for row in rows for i in (row["photo_id"], row["duplicate_photo_id"])}
    assert found == set(expected)
    names = ["group_photo_id", "photo_id", "duplicate_photo_id"]
    assert rows == sorted(rows, key=lambda row: [row[name] for name in names])


def test_photos_are_near_duplicates_by_a_share_of_the_mean_distance(
    demo: Demo, truth: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    cosines = truth.vectors @ truth.vectors.T
    mean_distance = 1 - cosines[~np.eye(len(cosines), dtype=bool)].mean()
    [health] = show(demo, "select * from {{ ref('vector_health') }}")
    assert health["near_duplicate_distance"] == pytest.approx(0.06 * mean_distance, rel=1e-4)
    limit = health["near_duplicate_distance"]
    by_default, by_distance = ask_all(
        demo, call("near_duplicates"), call("near_duplicates", max_distance=limit)
    )
    assert by_default == by_distance
    for name, text in demo.dbt.environment.items():
        monkeypatch.setenv(name, text)
    with demo.project.open() as warehouse:
        assert warehouse.near_duplicate_distance == limit


def test_the_health_of_the_vectors_is_what_numpy_finds(demo: Demo, truth: Truth) -> None:
    lists = {photo_id: truth.similar(photo_id)[:10] for photo_id in truth.ids}
    named = Counter(other for nearest in lists.values() for other, _ in nearest)
    counts = np.array([named[photo_id] for photo_id in truth.ids])
    [health] = show(demo, "select * from {{ ref('vector_health') }}")
    limit = health["near_duplicate_distance"]
    assert health["count_photos"] == len(truth.ids)
    assert health["largest_hub"] == counts.max()
    assert health["share_antihubs"] == pytest.approx((counts == 0).mean())
    skewness = ((counts - counts.mean()) ** 3).mean() / counts.std() ** 3
    assert health["hubness"] == pytest.approx(skewness)
    are_near = [nearest[0][1] <= limit for nearest in lists.values()]
    assert health["share_near_duplicates"] == pytest.approx(np.mean(are_near))


def test_search_quality_is_what_pandas_finds(demo: Demo, truth: Truth) -> None:
    counts = (
        truth.conversions.groupby(["photo_id", "typed", "keyword"]).size().reset_index(name="n")
    )
    best = counts.sort_values(["n", "keyword"], ascending=[False, True]).groupby("photo_id").head(5)
    words = best.groupby("photo_id")["keyword"].agg(set)
    near = [
        not words[photo_id].isdisjoint(words[other])
        for photo_id in words.index
        for other, _ in truth.similar(photo_id)[:10]
        if other in words.index
    ]
    by_chance = [
        not words[one].isdisjoint(words[other])
        for one in words.index
        for other in words.index
        if one != other
    ]
    [measured] = show(demo, "select * from {{ ref('search_quality') }}")
    assert measured["recall_at_10"] == 1
    assert measured["keyword_precision_at_10"] == pytest.approx(np.mean(near))
    assert measured["random_precision"] == pytest.approx(np.mean(by_chance))


def test_the_builds_whose_quality_was_measured_come_in_the_order_of_their_time(
    broken: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = (
        "insert into ' ~ ref('search_quality') ~ ' select * replace ("
        "measured_at + (%d) as measured_at) from ' ~ ref('search_quality') ~ ' limit 1"
    )
    inserts = "".join(f"{{% do run_query('{insert % day}') %}}" for day in (172800, -86400))
    show(broken, f"{inserts} select 1 as done")
    for name, text in broken.dbt.environment.items():
        monkeypatch.setenv(name, text)
    with broken.project.open() as warehouse:
        times = [build.measured_at for build in read_quality(warehouse).builds]
    assert len(times) == 3
    assert times == sorted(times)


def test_frozen_canaries_are_the_vectors_of_the_table(demo: Demo, truth: Truth) -> None:
    canaries = ask(demo, "freeze_canaries", top_k=4)
    assert len(canaries) == 4
    for canary in canaries:
        frozen = json.loads(canary["photo_embed"])
        assert frozen == pytest.approx(truth.vector(canary["photo_id"]), abs=2e-6)


CHAIN = "select number * 7919 % 4001 as one, (number + 1) * 7919 % 4001 as other from numbers(400)"
EQUAL = (
    "select number % 800 as one, intDiv(number, 800) as other from numbers(8800)"
    " where number % 800 > intDiv(number, 800)"
)


@pytest.mark.parametrize(("pairs", "count"), [(CHAIN, 401), (EQUAL, 800)], ids=["chain", "equal"])
def test_hundreds_of_near_duplicates_are_one_group_within_seconds(
    demo: Demo, pairs: str, count: int
) -> None:
    """A chain of photos, and equal pictures, each paired with the first ten of them."""
    named = (
        "select toString(least(one, other)) as photo_id,"
        f" toString(greatest(one, other)) as duplicate_photo_id from ({pairs})"
    )
    groups = f'{{{{ _connected_groups("{named}") }}}}'
    rows = show(demo, f"select * from ({groups}) settings max_execution_time = 15")
    assert len(rows) == count
    assert {(row["group_photo_id"], row["count_group_photos"]) for row in rows} == {("0", count)}


COPIES = [f"copy-{number:02}" for number in range(60)]


@pytest.fixture(scope="module")
def copies(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo with 60 more photos, which have the vector of TARGET. The last 30 come first."""
    copy = demo.copy(tmp_path_factory.mktemp("copies") / "demo")
    insert = (
        "insert into ' ~ ref('photos') ~ ' (photo_id, photo_embed) "
        "select concat(\\'copy-\\', leftPad(toString(number), 2, \\'0\\')), photo_embed "
        "from numbers(%d, 30) as numbers cross join ' ~ ref('photos') ~ ' "
        f"where photo_id = \\'{TARGET}\\'"
    )
    inserts = "".join(f"{{% do run_query('{insert % first}') %}}" for first in (30, 0))
    copy.dbt.run("show", "--inline", f"{inserts} select 1").check()
    copy.dbt.run("run", "--select", "photo_neighbours", "vector_health").check()
    return copy


def test_any_number_of_photos_at_equal_distance_is_in_the_order_of_photo_id(copies: Demo) -> None:
    first = ask(copies, "similar_photos", photo_id=TARGET, top_k=25, exact=True)
    rest, fused = ask_all(
        copies,
        call("similar_photos", photo_id=TARGET, top_k=35, after=first[-1]["photo_id"]),
        call("popular_similar_photos", photo_id=TARGET, top_k=10, popularity_weight=0, exact=True),
    )
    assert ids(first) + ids(rest) == COPIES
    assert [row["similarity_rank"] for row in first + rest] == list(range(1, 61))
    assert ids(fused) == COPIES[:10]


def test_the_index_orders_ties_by_photo_id_up_to_16_beyond_the_answer(copies: Demo) -> None:
    ten, most = ask_all(
        copies,
        call("similar_photos", photo_id=TARGET),
        call("similar_photos", photo_id=TARGET, top_k=44),
    )
    assert len(set(ids(ten)) & set(COPIES)) == 10
    assert ids(most) == COPIES[:44]


def test_recall_accepts_any_of_the_photos_at_equal_distance(copies: Demo) -> None:
    [measured] = show(copies, "{{ vector_search.recall_at_k(ref('photos'), count_query_rows=60) }}")
    assert measured["recall"] == 1
    assert measured["count_nearest"] == 600


def test_photos_that_the_index_does_not_find_reduce_recall(broken: Demo, truth: Truth) -> None:
    """A deleted photo stays in the graph of the index, and takes a place among the candidates."""
    first = "select photo_id from {{ ref('photos') }} order by cityHash64(photo_id) limit 1"
    [[target]] = [row.values() for row in show(broken, first)]
    deleted = [f"\\'{photo_id}\\'" for photo_id, _ in truth.similar(target)[:20]]
    delete = f"delete from ' ~ ref('photos') ~ ' where photo_id in ({', '.join(deleted)})"
    recall = "{{ vector_search.recall_at_k(ref('photos'), count_query_rows=1) }}"
    [measured] = show(broken, f"{{% do run_query('{delete}') %}}{recall}")
    assert measured["count_nearest"] == 10
    assert 0 < measured["recall"] < 1


def test_copies_of_a_photo_are_neighbours_in_the_order_of_photo_id_and_one_group(
    copies: Demo,
) -> None:
    listed = neighbours(show(copies, "select * from {{ ref('photo_neighbours') }}"))
    equal = sorted([TARGET, *COPIES])
    for photo_id in equal:
        assert listed[photo_id] == [other for other in equal[:11] if other != photo_id][:10]
    rows = ask(copies, "near_duplicates", max_distance=0)
    groups = {row["group_photo_id"]: row["count_group_photos"] for row in rows}
    assert groups[TARGET] == 61


def test_the_neighbours_of_every_photo_are_its_exact_ten(demo: Demo, truth: Truth) -> None:
    rows = show(demo, "select * from {{ ref('photo_neighbours') }}")
    assert neighbours(rows) == {i: [n for n, _ in truth.similar(i)[:10]] for i in truth.ids}


def neighbours(rows: Rows) -> dict[str, list[str]]:
    ranked = sorted(rows, key=lambda row: (row["query_photo_id"], row["similarity_rank"]))
    found: dict[str, list[str]] = {}
    for row in ranked:
        found.setdefault(row["query_photo_id"], []).append(row["photo_id"])
    return found


def test_new_changed_and_removed_photos_change_the_neighbours_of_old_photos_too(
    broken: Demo, truth: Truth
) -> None:
    gone, changed, nearest = truth.similar(TARGET)[0][0], "33ysL4uEdb-", truth.similar(TARGET)[1][0]
    statements = [
        f"delete from ' ~ ref('photos') ~ ' where photo_id in (\\'{gone}\\', \\'{changed}\\')",
        *(
            "insert into ' ~ ref('photos') ~ ' (photo_id, photo_embed) "
            f"select \\'{new}\\', photo_embed from ' ~ ref('photos') ~ ' "
            f"where photo_id = \\'{nearest}\\'"
            for new in ("new", changed)
        ),
    ]
    sql = "".join(f"{{% do run_query('{statement}') %}}" for statement in statements)
    before = neighbours(show(broken, "select * from {{ ref('photo_neighbours') }}"))
    broken.dbt.run("show", "--inline", f"{sql} select 1").check()
    everything = "select * from {{ ref('photo_neighbours') }}"
    broken.dbt.run("run", "--select", "photo_neighbours").check()
    continued = show(broken, everything)
    broken.dbt.run("run", "--select", "photo_neighbours", "--full-refresh").check()
    anew = show(broken, everything)
    key = ["query_photo_id", "similarity_rank"]
    assert sorted(continued, key=lambda row: [row[name] for name in key]) == sorted(
        anew, key=lambda row: [row[name] for name in key]
    )
    after = neighbours(anew)
    assert gone not in after
    assert after[nearest][:2] == sorted([changed, "new"])
    assert after[TARGET] != before[TARGET]


def test_a_build_makes_an_incremental_table_again_that_lacks_a_column_of_its_model(
    broken: Demo,
) -> None:
    everything = "select * from {{ ref('photo_neighbours') }} order by query_photo_id, photo_id"
    before = show(broken, everything)
    statements = (
        "create table photo_search.old engine = MergeTree order by target_photo_id as select "
        "query_photo_id as target_photo_id, * except (query_photo_id) from ' ~ table ~ '",
        "drop table ' ~ table ~ '",
        "rename table photo_search.old to ' ~ table ~ '",
    )
    sql = "".join(f"{{% do run_query('{statement}') %}}" for statement in statements)
    sql = f"{{% set table = ref('photo_neighbours') | string %}}{sql} select 1"
    broken.dbt.run("show", "--inline", sql).check()
    broken.dbt.run("run", "--select", "photo_neighbours").check()
    assert show(broken, everything) == before


def test_the_examples_for_analysts_run(demo: Demo) -> None:
    demo.dbt.run("compile", "--select", "resource_type:analysis").check()
    compiled = demo.folder / "target" / "compiled" / "photo_search" / "analyses"
    examples = sorted((REPOSITORY / "analyses").glob("*.sql"))
    assert len(examples) >= 4
    for example in examples:
        assert show(demo, (compiled / example.name).read_text()), example.name


def test_a_random_photo_with_a_seed_is_the_same_every_time(demo: Demo) -> None:
    seeds = [7, 7, *range(5)]
    first, again, *others = ask_all(demo, *(call("random_photo", seed=seed) for seed in seeds))
    assert first == again
    assert len({row["photo_id"] for [row] in others}) > 1


def test_a_random_photo_without_a_seed_is_another_one_every_time(demo: Demo) -> None:
    assert len({row["photo_id"] for [row] in ask_all(demo, *["random_photo()"] * 5)}) > 1


def test_a_table_has_all_rows_of_the_answer_and_whole_ids(demo: Demo, truth: Truth) -> None:
    arguments = json.dumps({"photo_id": TARGET, "top_k": 50})
    printed = demo.dbt.cold("--quiet", "run-operation", "similar_photos", "--args", arguments)
    rows = printed.check().output.splitlines()[2:]
    nearest = [photo_id for photo_id, _ in truth.similar(TARGET)[:50]]
    assert [row.split("|")[3].strip() for row in rows] == nearest


@pytest.mark.parametrize(
    ("output", "printed"),
    [
        ("table", "| photo_rank | photo_id | count_keyword_downloads |\n"
                  "| ---------- | -------- | ----------------------- |\nNo rows.\n"),
        ("csv", "photo_rank,photo_id,count_keyword_downloads\n"),
        ("json", "[]\n"),
    ],
)  # fmt: skip
def test_an_empty_answer_says_so(demo: Demo, tmp_path: Path, output: str, printed: str) -> None:
    command = ("--quiet", "run-operation", "photos_for_keyword", "--args")
    asked = {"keyword": "nobody typed this", "output": output}
    run = demo.dbt.cold if output == "table" else demo.dbt.run
    assert run(*command, json.dumps(asked)).check().output == printed
    if output != "table":
        out = tmp_path / "answer"
        demo.dbt.run(*command, json.dumps(asked | {"out": str(out)})).check()
        assert out.read_text().strip() == printed.strip()


def test_dbt_show_works_with_questions_and_models_without_a_limit(demo: Demo) -> None:
    question = f"{{{{ similar_photos('{TARGET}') }}}}"
    for shown in (("--inline", question), ("--select", "photos")):
        printed = demo.dbt.run("--quiet", "show", *shown, "--output", "json").check().output
        assert len(json.loads(printed)["show"]) == 5
    printed = demo.dbt.run("--quiet", "show", "--inline", question, "--limit", "7").check().output
    assert [line.split("|")[2].strip() for line in printed.splitlines()[2:9]] == list("1234567")


def test_numbers_that_yaml_reads_as_text_are_numbers(demo: Demo) -> None:
    arguments = (
        f"{{photo_id: {TARGET}, top_k: 1e1, max_distance: 4e-3, candidates: 1_0, output: json,"
        " popularity_weight: .5e1, filters: {photo_width: {min: 1e2, max: '9000'}}}"
    )
    asked = demo.dbt.run("--quiet", "run-operation", "popular_similar_photos", "--args", arguments)
    numbers: dict[str, Any] = {"top_k": 10, "max_distance": 0.004, "candidates": 10}
    filters = {"photo_width": {"min": 100, "max": 9000}}
    assert json.loads(asked.check().output) == ask(
        demo,
        *("popular_similar_photos",),
        **{"photo_id": TARGET, "popularity_weight": 5, "filters": filters} | numbers,
    )


def test_output_csv_is_csv_and_nothing_else(demo: Demo) -> None:
    printed = demo.dbt.run(
        *("--quiet", "run-operation", "similar_photos"),
        *("--args", json.dumps({"photo_id": TARGET, "top_k": 3, "output": "csv"})),
    )
    rows = list(csv.DictReader(io.StringIO(printed.check().output)))
    assert [row["similarity_rank"] for row in rows] == ["1", "2", "3"]


def test_an_answer_can_be_written_to_a_file(demo: Demo, tmp_path: Path) -> None:
    for form in ("json", "csv"):
        out = tmp_path / "new folder" / f"answer.{form}"
        arguments = {"photo_id": TARGET, "top_k": 3, "output": form}
        demo.dbt.run(
            *(
                "run-operation",
                "similar_photos",
                "--args",
                json.dumps(arguments | {"out": str(out)}),
            )
        ).check()
        printed = demo.dbt.run(
            *("--quiet", "run-operation", "similar_photos", "--args", json.dumps(arguments))
        )
        assert out.read_text().strip() == printed.check().output.strip()


def test_the_message_names_a_file_that_cannot_be_written_and_says_why(
    demo: Demo, tmp_path: Path
) -> None:
    arguments = {"photo_id": TARGET, "output": "csv", "out": str(tmp_path)}
    refused = demo.dbt.run("run-operation", "similar_photos", "--args", json.dumps(arguments))
    assert refused.exit_code == 1
    assert f"Is a directory: '{tmp_path}'" in refused.output


def test_a_failed_question_keeps_the_file_of_an_earlier_answer(demo: Demo, tmp_path: Path) -> None:
    out = tmp_path / "answer.json"
    out.write_text("before")
    arguments = {"photo_id": "nobody", "output": "json", "out": str(out)}
    refused = demo.dbt.run("run-operation", "similar_photos", "--args", json.dumps(arguments))
    assert refused.exit_code == 1
    assert out.read_text() == "before"


def test_quiet_json_is_all_that_the_command_prints(demo: Demo) -> None:
    arguments = json.dumps({"photo_id": TARGET, "top_k": 2, "output": "json"})
    printed = demo.dbt.cold("--quiet", "run-operation", "similar_photos", "--args", arguments)
    assert [row["similarity_rank"] for row in json.loads(printed.check().output)] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"photo_id": "nobody"}, "`photo_id` argument for similar_photos() must be a photo in"),
        ({"photo_id": TARGET, "top_k": 0}, "`top_k` argument for similar_photos() must be a whole"),
        ({"photo_id": TARGET, "top_k": -1}, "a whole number from 1 to 1000. Got: -1"),
        ({"photo_id": TARGET, "top_k": 1.5}, "a whole number from 1 to 1000. Got: 1.5"),
        ({"photo_id": TARGET, "top_k": "ten"}, "a whole number from 1 to 1000. Got: ten"),
        ({"photo_id": TARGET, "top_k": True}, "a whole number from 1 to 1000. Got: True"),
        ({"photo_id": TARGET, "top_k": 10**9}, "a whole number from 1 to 1000. Got: 1000000000"),
        ({"photo_id": TARGET, "output": "xml"}, "must be one of table, json, csv. Got: xml"),
        ({"photo_id": 175304202}, 'must be text in double quotes, as in \'{"photo_id"'),
        ({"photo_id": None}, "must be given, or else `vector`, or else `like`. Got: none of them"),
        ({"photo_id": ""}, "must be 1 to 64 letters, digits, - or _"),
        ({"photo_id": "a' or 1=1 --"}, "must be 1 to 64 letters, digits, - or _"),
        ({"photo_id": "a\\"}, "must be 1 to 64 letters, digits, - or _"),
        ({"photo_id": "Фото"}, "must be 1 to 64 letters, digits, - or _"),
        ({"photo_id": "a\n"}, "must be 1 to 64 letters, digits, - or _"),
        ({"photo_id": "{{ target }}"}, "must be 1 to 64 letters, digits, - or _"),
    ],
)
def test_a_bad_argument_gets_one_clear_message_and_exit_code_1(
    demo: Demo, arguments: dict[str, Any], message: str
) -> None:
    refused = demo.dbt.run("run-operation", "similar_photos", "--args", json.dumps(arguments))
    assert refused.exit_code == 1
    assert message in refused.output
    assert refused.output.count("argument for") == 1


@pytest.mark.parametrize(
    ("question", "arguments", "message"),
    [
        ("similar_photos", {}, "or else `vector`, or else `like`. Got: none of them"),
        ("similar_photos", {"photo_id": TARGET, "like": [TARGET]}, "Got: photo_id and like"),
        ("similar_photos", {"photo_id": TARGET, "unlike": [TARGET]}, "given with `like`"),
        ("similar_photos", {"like": TARGET}, "a list of 1 to 100 photos"),
        ("similar_photos", {"like": []}, "a list of 1 to 100 photos"),
        ("similar_photos", {"like": ["a'b"]}, "must be 1 to 64 letters, digits, - or _"),
        ("similar_photos", {"like": ["nobody"]}, "`like` argument for similar_photos() must be a"),
        ("similar_photos", {"like": [TARGET], "unlike": [TARGET]}, "that are not in `like`"),
        ("similar_photos", {"vector": [1]}, "a list of 512 numbers that are not all 0"),
        ("similar_photos", {"vector": [0] * 512}, "a list of 512 numbers that are not all 0"),
        ("similar_photos", {"vector": ["x"] * 512}, "`vector[0]` argument for similar_photos()"),
        ("similar_photos", {"vector": {"a": 1}}, "a list of 512 numbers that are not all 0"),
        ("photo_conversions", {"photo_id": TARGET, "filters": [1]}, "a mapping from columns"),
        ("photo_conversions", {"photo_id": TARGET, "filters": {"a": 1}}, "by one of photo_id, "),
        ("photo_conversions", {"photo_id": TARGET, "filters": {"photo_embed": 1}}, "by one of "),
        ("similar_photos", {"photo_id": TARGET, "filters": {"iso": "one"}}, "must be a number, a"),
        ("similar_photos", {"photo_id": TARGET, "filters": {"iso": "nan"}}, "must be a number, a"),
        ("similar_photos", {"photo_id": TARGET, "filters": {"iso": True}}, "must be a number, a"),
        ("similar_photos", {"photo_id": TARGET, "filters": {"iso": []}}, "must be a number, a"),
        ("similar_photos", {"photo_id": TARGET, "filters": {"iso": {"more": 1}}}, "a number, a"),
        ("similar_photos", {"photo_id": TARGET, "filters": {"iso": [None]}}, "a number, a list"),
        ("similar_photos", {"photo_id": TARGET, "filters": {"camera_make": 1}}, "must be text, a"),
        ("similar_photos", {"photo_id": TARGET, "filters": {"is_featured": "t"}}, "true or false"),
        ("similar_photos", {"photo_id": TARGET, "filters": {"submitted_at": "?"}}, "a date as"),
        *(
            ("similar_photos", {"photo_id": TARGET, "filters": {"submitted_at": day}}, "a date as")
            for day in ("2020-02-30", "2021-02-29", "0000-01-01", "2020-01-01 25:00:00")
        ),
        ("similar_photos", {"photo_id": TARGET, "max_distance": 3}, "a number from 0 to 2"),
        ("similar_photos", {"photo_id": TARGET, "max_distance": "3e0"}, "a number from 0 to 2"),
        ("similar_photos", {"photo_id": TARGET, "max_distance": "nan"}, "a number from 0 to 2"),
        ("similar_photos", {"photo_id": TARGET, "max_distance": [1]}, "a number from 0 to 2"),
        ("similar_photos", {"photo_id": TARGET, "top_k": "1e400"}, "from 1 to 1000. Got: 1e400"),
        ("similar_photos", {"photo_id": TARGET, "top_k": "1.5"}, "from 1 to 1000. Got: 1.5"),
        ("similar_photos", {"photo_id": TARGET, "after": "nobody"}, "`after` argument for"),
        ("similar_photos", {"photo_id": TARGET, "exact": "yes"}, "must be one of True, False"),
        ("similar_photos", {"photo_id": TARGET, "out": "a"}, "one of json, csv. Got: table"),
        ("similar_photos", {"photo_id": TARGET, "out": 1, "output": "csv"}, "must be text of 1"),
        ("popular_similar_photos", {"photo_id": TARGET, "candidates": 9}, "from 10 to 1000"),
        ("popular_similar_photos", {"photo_id": TARGET, "rank_constant": -1}, "from 0 to 1000"),
        ("keyword_rollup", {"by": ["keyword", "keyword"]}, "a list of some of keyword, country"),
        ("keyword_rollup", {"by": "month"}, "a list of some of keyword, country, device, month"),
        *(
            ("trending_keywords", {"until": day}, f"a date as 2024-01-31. Got: {day}")
            for day in ("2025-13-01", "2024-02-30", "2023-02-29", "1900-02-29", "2024-04-31")
        ),
        ("keyword_rollup", {"by": [["keyword"]]}, "a list of some of keyword, country"),
        ("keyword_rollup", {"by": {"keyword": 1}}, "a list of some of keyword, country"),
        ("trending_keywords", {"smoothing": 0}, "a number from 0.001 to"),
        ("photos_for_keyword", {"keyword": ""}, "text of 1 to 200 characters"),
        ("photos_for_keyword", {"keyword": "a\0b"}, "text of 1 to 200 characters"),
        ("photos_for_keyword", {"keyword": "x" * 300}, f"200 characters. Got: {'x' * 200}\n"),
        ("related_keywords", {"keyword": 5}, "text of 1 to 200 characters"),
        ("near_duplicates", {"max_distance": 1}, "a number from 0 to 0.2. Got: 1"),
    ],
)
def test_every_question_refuses_a_bad_argument_with_the_same_message(
    demo: Demo, question: str, arguments: dict[str, Any], message: str
) -> None:
    refused = demo.dbt.run("run-operation", question, "--args", json.dumps(arguments))
    assert refused.exit_code == 1
    assert message in refused.output
    assert refused.output.count(f" argument for {question}() must be ") == 1


@pytest.mark.parametrize(
    "question",
    ["similar_photos", "photo_conversions", "popular_keywords", "popular_similar_photos"],
)
def test_an_argument_that_a_question_does_not_have_is_named_in_every_way_to_ask(
    demo: Demo, question: str
) -> None:
    message = f"{question}() has no argument `radius`. See its arguments in docs/questions.md."
    asked = json.dumps({"photo_id": TARGET, "radius": 1})
    sql = f"{{{{ {question}('{TARGET}', radius=1) }}}}"
    for command in (
        ("run-operation", question, "--args", asked),
        ("show", "--inline", sql),
        ("compile", "--inline", sql),
    ):
        refused = demo.dbt.run(*command)
        assert refused.exit_code != 0
        assert refused.output.count(message) == 1
        assert "Traceback" not in refused.output


@pytest.mark.parametrize("yaml", ["{photo_id: 01234567012}", "{photo_id: 2024-01-01}"])
def test_the_message_for_an_id_that_yaml_has_changed_says_to_quote_it(
    demo: Demo, yaml: str
) -> None:
    refused = demo.dbt.cold("run-operation", "similar_photos", "--args", yaml)
    assert refused.exit_code == 1
    assert 'must be text in double quotes, as in \'{"photo_id": "01234567012"}\'' in refused.output


@pytest.mark.parametrize(
    "text", ["'", "\\", "\\'", "' or 1=1 --", "a\\\\'b", "Ünïcødé 照片", "\x1b[31m", "{{ 1 }}"]
)
def test_a_text_literal_keeps_its_text(demo: Demo, text: str) -> None:
    sql = f"select hex({{{{ vector_search.text_literal({text.replace('{{', '{')!r}) }}}}) as bytes"
    [row] = show(demo, sql)
    assert bytes.fromhex(row["bytes"]).decode() == text.replace("{{", "{")


def test_docs_questions_names_every_question_and_argument_and_its_examples_run(
    demo: Demo,
) -> None:
    page = (REPOSITORY / "docs" / "questions.md").read_text()
    sections = dict(re.findall(r"(?ms)^### (\w+)$(.*?)(?=^##|\Z)", page))
    own = {m.name: m for m in demo.project.manifest().macros.values() if is_own(m)}
    shared = names(own["search_arguments"]) - {"macro_name"}
    assert shared <= set(re.findall(r"`(\w+)`", page[: page.index("### similar_photos")]))
    questions = {
        name: names(macro) - shared if "**kwargs" in macro.macro_sql else names(macro)
        for name, macro in own.items()
        if "**kwargs" in macro.macro_sql or {"output", "out"} <= names(macro)
        if name not in ("answer", "search_arguments")
    }
    assert sections.keys() == questions.keys()
    examples = []
    for question, text in sections.items():
        arguments = "".join(re.findall(r"(?ms)^Arguments(?: of its own)?: (.*?)\.$", text))
        said = re.findall(r"`(\w+)`", re.sub(r"\([^()]*\)", "", arguments))
        assert sorted(said) == sorted(questions[question]), question
        [(asked, given)] = re.findall(
            r"^    dbt run-operation (\w+)(?: --args '(.*)')?$", text, re.M
        )
        assert asked == question
        examples.append(call(question, **json.loads(given or "{}")))
    assert all(ask_all(demo, *examples))


def is_own(macro: Macro) -> bool:
    return macro.package_name == "photo_search"


def names(macro: Macro) -> set[str]:
    return {argument.name for argument in macro.arguments}
