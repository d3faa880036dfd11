"""The questions, asked as operations and as selects, on the sample photos."""

import csv
import io
import json
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from dbt_process import REPOSITORY
from demo import Demo

TARGET = "H2YYHXTXg_1"


def ask(demo: Demo, question: str, **arguments: Any) -> list[dict[str, Any]]:
    outcome = demo.dbt.run(
        "--quiet", "run-operation", question, "--args", json.dumps(arguments | {"output": "json"})
    )
    rows: list[dict[str, Any]] = json.loads(outcome.check().output)
    return rows


def show(demo: Demo, sql: str) -> list[dict[str, Any]]:
    shown = demo.dbt.run("--quiet", "show", "--inline", sql, "--limit", "-1", "--output", "json")
    rows: list[dict[str, Any]] = json.loads(shown.check().output)["show"]
    return rows


@pytest.fixture(scope="module")
def exact(demo: Demo) -> dict[str, list[tuple[str, float]]]:
    """Every photo's others, nearest first, ties by photo_id; computed here in float64."""
    table = pq.read_table(demo.data / "photos.parquet", columns=["photo_id", "photo_embed"])
    ids = table["photo_id"].to_pylist()
    vectors = np.array(table["photo_embed"].to_pylist(), dtype=np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = 1 - vectors @ vectors.T
    return {
        target: sorted(
            ((i, float(d)) for i, d in zip(ids, row, strict=True) if i != target),
            key=lambda pair: (round(pair[1], 7), pair[0]),
        )
        for target, row in zip(ids, distances, strict=True)
    }


@pytest.mark.parametrize(
    "target", [TARGET, "-SyUjsynHau", "--2IBUMsyn1", "01234567012", "sameButCase"]
)
def test_similar_photos_are_the_ten_that_an_exact_scan_finds(
    demo: Demo, exact: dict[str, list[tuple[str, float]]], target: str
) -> None:
    rows = ask(demo, "similar_photos", photo_id=target)
    assert [row["photo_id"] for row in rows] == [photo_id for photo_id, _ in exact[target][:10]]
    assert [row["distance"] for row in rows] == pytest.approx(
        [distance for _, distance in exact[target][:10]], abs=1e-6
    )


@pytest.mark.parametrize("top_k", [1, 10, 200])
def test_exactly_top_k_rows_come_back_ranked_from_1_and_never_the_target(
    demo: Demo, top_k: int
) -> None:
    rows = ask(demo, "similar_photos", photo_id=TARGET, top_k=top_k)
    assert [row["similarity_rank"] for row in rows] == list(range(1, top_k + 1))
    assert TARGET not in {row["photo_id"] for row in rows}


def test_more_photos_than_there_are_gives_all_others(demo: Demo) -> None:
    count = pq.read_metadata(demo.data / "photos.parquet").num_rows
    assert len(ask(demo, "similar_photos", photo_id=TARGET, top_k=1000)) == count - 1


def test_the_answer_without_the_index_is_the_same(broken: Demo) -> None:
    with_index = ask(broken, "similar_photos", photo_id=TARGET)
    drop = "{% do run_query('alter table ' ~ ref('photos') ~ ' drop index photo_embed_index') %}"
    broken.dbt.run("show", "--inline", f"{drop} select 1").check()
    without = ask(broken, "similar_photos", photo_id=TARGET)
    assert [row["photo_id"] for row in without] == [row["photo_id"] for row in with_index]
    assert [row["distance"] for row in without] == pytest.approx(
        [row["distance"] for row in with_index], abs=1e-6
    )


def test_a_question_gives_the_same_rows_as_a_select_and_as_an_operation(demo: Demo) -> None:
    for question in ("similar_photos", "photo_conversions", "popular_keywords"):
        select = show(demo, f"{{{{ {question}('{TARGET}') }}}}")
        assert select == ask(demo, question, photo_id=TARGET)


def test_three_in_four_of_the_ten_nearest_come_from_the_same_photograph(demo: Demo) -> None:
    with (REPOSITORY / "sample" / "sources.csv").open(newline="") as file:
        source = {row["photo_id"]: row["source"] for row in csv.DictReader(file)}
    rows = show(demo, "{{ _ranked_photos(_nearest_photos_of_each(ref('photos')), 10) }}")
    same = [source[row["target_photo_id"]] == source[row["photo_id"]] for row in rows]
    assert sum(same) / len(same) >= 0.75


def test_a_photo_that_nobody_downloaded_counts_0_instead_of_vanishing(demo: Demo) -> None:
    rows = ask(demo, "photo_conversions", photo_id=TARGET, top_k=250)
    counts = {row["photo_id"]: row["count_downloads"] for row in rows}
    assert len(rows) == 250
    assert {counts[f"never-used{n}"] for n in range(1, 7) if f"never-used{n}" in counts} == {0}


def test_downloads_are_those_of_the_dataset(demo: Demo) -> None:
    conversions = pq.read_table(demo.data / "conversions.parquet")["photo_id"].to_pylist()
    for row in ask(demo, "photo_conversions", photo_id=TARGET):
        assert row["count_downloads"] == conversions.count(row["photo_id"])


def test_the_most_popular_photo_is_the_most_downloaded_and_brings_its_keywords(demo: Demo) -> None:
    similar = ask(demo, "photo_conversions", photo_id=TARGET)
    best = min(similar, key=lambda row: (-row["count_downloads"], row["similarity_rank"]))
    rows = ask(demo, "popular_keywords", photo_id=TARGET, keywords=3)
    assert {row["photo_id"] for row in rows} == {best["photo_id"]}
    assert [row["keyword_rank"] for row in rows] == [1, 2, 3]
    counts = [row["count_keyword_downloads"] for row in rows]
    assert counts == sorted(counts, reverse=True)


def test_aliases_can_be_switched_off(demo: Demo) -> None:
    merged = ask(demo, "popular_keywords", photo_id=TARGET, keywords=100)
    typed = ask(demo, "popular_keywords", photo_id=TARGET, keywords=100, aliases=False)
    assert len(merged) < len(typed)
    assert sum(r["count_keyword_downloads"] for r in merged) == sum(
        r["count_keyword_downloads"] for r in typed
    )


def test_a_random_photo_with_a_seed_is_the_same_every_time(demo: Demo) -> None:
    assert ask(demo, "random_photo", seed=7) == ask(demo, "random_photo", seed=7)
    assert len({ask(demo, "random_photo", seed=n)[0]["photo_id"] for n in range(5)}) > 1


def test_output_csv_is_csv_and_nothing_else(demo: Demo) -> None:
    printed = demo.dbt.run(
        *("--quiet", "run-operation", "similar_photos"),
        *("--args", json.dumps({"photo_id": TARGET, "top_k": 3, "output": "csv"})),
    )
    rows = list(csv.DictReader(io.StringIO(printed.check().output)))
    assert [row["similarity_rank"] for row in rows] == ["1", "2", "3"]


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


@pytest.mark.parametrize("yaml", ["{photo_id: 01234567012}", "{photo_id: 2024-01-01}"])
def test_an_id_that_yaml_turned_into_something_else_is_refused_with_the_way_out(
    demo: Demo, yaml: str
) -> None:
    refused = demo.dbt.cold("run-operation", "similar_photos", "--args", yaml)
    assert refused.exit_code == 1
    assert 'must be text in double quotes, as in \'{"photo_id": "01234567012"}\'' in refused.output


@pytest.mark.parametrize(
    "text", ["'", "\\", "\\'", "' or 1=1 --", "a\\\\'b", "Ünïcødé 照片", "\x1b[31m", "{{ 1 }}"]
)
def test_a_text_literal_is_read_back_as_it_went_in(demo: Demo, text: str) -> None:
    sql = f"select hex({{{{ text_literal({text.replace('{{', '{')!r}) }}}}) as bytes"
    [row] = show(demo, sql)
    assert bytes.fromhex(row["bytes"]).decode() == text.replace("{{", "{")
