"""The main job on every kind of server: load, build, build again, append, change, ask."""

import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dbt_process import Outcome
from demo import Demo
from myscale.conftest import Warehouses
from myscale.warehouse import TARGET, Rows, Variant, Warehouse, real_server

STANDINS = [
    Variant(2, "cloud", tls=True),
    Variant(2, "oss"),
    Variant(1, "cloud"),
    Variant(1, "oss"),
]
SERVERS = [server] if (server := real_server()) else STANDINS
QUESTIONS = ("similar_photos", "photo_conversions", "popular_keywords")
OTHER_QUESTIONS = (
    f"similar_photos('{TARGET}', filters={{'iso': {{'max': 800}}, 'latitude': {{'not': none}}}})",
    f"similar_photos('{TARGET}', after='non-latin-1', max_distance=0.01)",
    f"similar_photos(like=['{TARGET}'], unlike=['33ysL4uEdb-'])",
    "similar_photos(vector=[0.5] * 512, filters={'submitted_at': {'min': '2016-01-01'}})",
    f"popular_similar_photos('{TARGET}')",
    "keyword_rollup(by=['keyword', 'month'], limit=50)",
    "trending_keywords(days=60)",
    "photos_for_keyword('Eyes')",
    "related_keywords('eye')",
    "near_duplicates(max_distance=0.0025)",
)


@pytest.fixture(scope="module", params=SERVERS, ids=str)
def warehouse(request: pytest.FixtureRequest, warehouses: Warehouses) -> Warehouse:
    return warehouses(request.param)


def test_the_life_of_a_database(warehouse: Warehouse, demo: Demo) -> None:
    first_build_is_green_and_without_a_warning(warehouse)
    the_index_is_of_the_edition_and_built(warehouse)
    every_question_is_answered_as_by_chdb(warehouse, demo)
    new_photos_are_appended_and_the_index_covers_them(warehouse)
    a_changed_photo_is_deleted_and_inserted_and_a_vanished_one_goes(warehouse)
    if not is_spared(warehouse):
        a_full_refresh_makes_a_new_table(warehouse)
    the_second_build_is_green_and_keeps_the_table(warehouse)
    the_docs_know_the_columns_of_the_server(warehouse)


def first_build_is_green_and_without_a_warning(warehouse: Warehouse) -> None:
    # The old engine takes a second a statement, so only one of its editions runs every test.
    tests = ["--exclude-resource-types", "test", "unit_test"] if is_spared(warehouse) else []
    built = warehouse.dbt.run("--warn-error", "build", "--target", "myscale", *tests).check()
    assert "WARN=0 ERROR=0 SKIP=0" in built.output


def is_spared(warehouse: Warehouse) -> bool:
    return warehouse.variant == Variant(1, "cloud")


def the_index_is_of_the_edition_and_built(warehouse: Warehouse) -> None:
    [status] = warehouse.ask("vector_index_status")
    name = "MSTG" if warehouse.variant.edition == "cloud" else "SCANN"
    assert status["index_type"] == f"{name}('metric_type=Cosine')"
    assert status["status"] == "Built"
    assert status["count_built_parts"] == status["count_parts"] == 1


def every_question_is_answered_as_by_chdb(warehouse: Warehouse, demo: Demo) -> None:
    ids = warehouse.everything["photo_id"].to_pylist()
    some = ids[:50] if warehouse.variant == STANDINS[0] or server else ids[:2]
    calls = [f"{question}('{photo_id}')" for photo_id in some for question in QUESTIONS]
    calls += OTHER_QUESTIONS
    here = answers(warehouse.dbt.run, "myscale", calls)
    there = answers(demo.dbt.run, "local", calls)
    assert len(here) == len(there) == len(calls)
    for actual, expected in zip(here, there, strict=True):
        assert without_distance(actual) == without_distance(expected)
        assert [row.get("distance") for row in actual] == [
            None if (distance := row.get("distance")) is None else pytest.approx(distance, abs=1e-3)
            for row in expected
        ]
    assert warehouse.ask("random_photo", seed=7) == warehouse.ask("random_photo", seed=7)


def new_photos_are_appended_and_the_index_covers_them(warehouse: Warehouse) -> None:
    expected = warehouse.ask("similar_photos", photo_id=TARGET)
    warehouse.rewrite_photos(lambda photos: photos.slice(0, 100))
    warehouse.run("run", "--select", "+photos", "--full-refresh").check()
    table = warehouse.uuid()
    warehouse.rewrite_photos(lambda photos: photos)
    warehouse.run("run", "--select", "photos").check()
    assert warehouse.uuid() == table
    [status] = warehouse.ask("vector_index_status")
    assert status["status"] == "Built"
    assert status["count_parts"] == 2
    assert warehouse.ask("similar_photos", photo_id=TARGET) == expected


def a_changed_photo_is_deleted_and_inserted_and_a_vanished_one_goes(warehouse: Warehouse) -> None:
    before = [row["photo_id"] for row in warehouse.ask("similar_photos", photo_id=TARGET)]
    gone, far = before[0], before[-1]

    def change(photos: pa.Table) -> pa.Table:
        ids = photos["photo_id"].to_pylist()
        vectors = photos["photo_embed"].to_pylist()
        vectors[ids.index(far)] = vectors[ids.index(TARGET)]
        field = photos.schema.field("photo_embed")
        moved = photos.set_column(
            photos.schema.get_field_index("photo_embed"), field, pa.array(vectors, field.type)
        )
        return moved.filter(pc.not_equal(moved["photo_id"], gone))

    warehouse.rewrite_photos(change)
    table = warehouse.uuid()
    warehouse.run("run", "--select", "photos").check()
    if warehouse.variant.generation == 2:  # the stand-in of 1 gives a table a new UUID by DELETE
        assert warehouse.uuid() == table
    after = warehouse.ask("similar_photos", photo_id=TARGET)
    assert after[0]["photo_id"] == far
    assert after[0]["distance"] == pytest.approx(0, abs=1e-6)
    assert gone not in {row["photo_id"] for row in after}
    assert len(after) == 10
    assert warehouse.ask("vector_index_status")[0]["status"] == "Built"


def a_full_refresh_makes_a_new_table(warehouse: Warehouse) -> None:
    table = warehouse.uuid()
    warehouse.rewrite_photos(lambda photos: photos)
    warehouse.run("run", "--select", "photos", "--full-refresh").check()
    assert warehouse.uuid() != table
    assert "__dbt" not in warehouse.tables()


def the_second_build_is_green_and_keeps_the_table(warehouse: Warehouse) -> None:
    table = warehouse.uuid()
    if warehouse.variant.generation == 2:
        warehouse.run("build").check()
    elif not is_spared(warehouse):
        warehouse.run("build", "--select", "photos").check()
    assert warehouse.uuid() == table


def the_docs_know_the_columns_of_the_server(warehouse: Warehouse) -> None:
    warehouse.dbt.run("docs", "generate", "--target", "myscale").check()
    catalog = json.loads((warehouse.data.parent / "target" / "catalog.json").read_text())
    columns = catalog["nodes"]["model.photo_search.photos"]["columns"]
    assert columns["photo_embed"]["type"] == "Array(Float32)"


def answers(run: Callable[..., Outcome], target: str, calls: list[str]) -> list[Rows]:
    """What `target` answers to each question of `calls`, in one command of dbt."""
    asked = run(
        *("--quiet", "compile", "--target", target, "--inline"),
        "".join(
            f"{{% set rows = run_query({call}) %}}"
            "{% if execute %}{% do rows.print_json() %}{{ print('') }}{% endif %}"
            for call in calls
        )
        + "select 1",
    )
    lines = [line for line in asked.check().output.splitlines() if line.startswith("[")]
    return [json.loads(line) for line in lines][: len(calls)]


def without_distance(rows: Rows) -> Rows:
    return [{key: cell for key, cell in row.items() if key != "distance"} for row in rows]
