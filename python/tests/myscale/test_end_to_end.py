"""The main job on every kind of server: load, build, build again, append, change, ask."""

import json
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import requests

from demo import Demo
from myscale.conftest import Warehouses
from myscale.warehouse import TARGET, Rows, Variant, Warehouse, real_server
from warm_project import DbtProcess

ONCE = (
    "random_photo(seed=7)",
    f"similar_photos('{TARGET}', exact=true)",
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
    "'select * except (x, y, neighbours), neighbours.1 from (' ~ photo_atlas() ~ ')'",
)
OF_EACH = ("similar_photos(photo_id)", "photo_conversions(photo_id)", "popular_keywords(photo_id)")
PAGES = {
    "": "photos, found by what they look like",
    f"photo/{TARGET}": "12 most similar photos",
    f"photo/{TARGET}?orientation=landscape&popularity=75&top_k=24": "24 most similar photos",
    f"map?photo={TARGET}": "16 clusters",
    "map/points.json": TARGET,
    f"map/photos.json?photo={TARGET}": "description",
    "cluster/0": "photos that look alike",
    "quality": "True neighbours found by the index",
}
SERVERS = [real] if (real := real_server()) else [Variant(2, "cloud", tls=True), Variant(2, "oss")]


@pytest.mark.parametrize("variant", SERVERS, ids=str)
def test_a_database_can_be_loaded_built_appended_to_and_changed(
    variant: Variant, warehouses: Warehouses, demo: Demo
) -> None:
    the_life_of_a_database(warehouses(variant), demo)


def the_life_of_a_database(warehouse: Warehouse, demo: Demo) -> None:
    the_first_build_is_green_and_without_a_warning(warehouse)
    the_index_is_of_the_edition_and_built(warehouse)
    every_question_is_answered_as_by_chdb(warehouse, demo)
    if warehouse.variant == SERVERS[0]:
        assert_the_search_page_answers(warehouse.dbt, "myscale", warehouse.data)
    before = warehouse.ask("similar_photos", photo_id=TARGET)
    a_changed_photo_is_deleted_and_inserted_and_a_vanished_one_goes(warehouse, before)
    the_second_build_is_green_and_appends_to_the_table(warehouse)
    assert warehouse.ask("similar_photos", photo_id=TARGET) == before
    a_full_refresh_makes_a_new_table(warehouse)
    assert warehouse.ask("similar_photos", photo_id=TARGET) == before
    the_docs_know_the_columns_of_the_server(warehouse)


def the_first_build_is_green_and_without_a_warning(warehouse: Warehouse) -> None:
    built = warehouse.dbt.build_and_unit_test("--target", "myscale").check()
    assert "WARN=0 ERROR=0 SKIP=0" in built.output


def the_index_is_of_the_edition_and_built(warehouse: Warehouse) -> None:
    [status] = warehouse.ask("vector_index_status")
    name = "MSTG" if warehouse.variant.edition == "cloud" else "SCANN"
    assert status["index_type"] == f"{name}('metric_type=Cosine')"
    assert status["status"] == "Built"
    assert status["count_built_parts"] == status["count_parts"] == 1


def every_question_is_answered_as_by_chdb(warehouse: Warehouse, demo: Demo) -> None:
    ids = warehouse.everything["photo_id"].to_pylist()
    some = ids[:50] if warehouse.variant == SERVERS[0] else ids[:2]
    assert_answers_are_those_of_chdb(warehouse.dbt, "myscale", demo, tuple(some))


def a_changed_photo_is_deleted_and_inserted_and_a_vanished_one_goes(
    warehouse: Warehouse, before: Rows
) -> None:
    gone, far = before[0]["photo_id"], before[-1]["photo_id"]

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
    # in generation 1 of the stand-in, DELETE gives a table a new UUID
    if warehouse.variant.generation == 2:
        assert warehouse.uuid() == table
    after = warehouse.ask("similar_photos", photo_id=TARGET)
    assert after[0]["photo_id"] == far
    assert after[0]["distance"] == pytest.approx(0, abs=1e-6)
    assert gone not in {row["photo_id"] for row in after}
    assert len(after) == 10
    assert warehouse.status() == "Built"


def the_second_build_is_green_and_appends_to_the_table(warehouse: Warehouse) -> None:
    warehouse.rewrite_photos(lambda photos: photos)
    table = warehouse.uuid()
    warehouse.run("build", "--exclude", "path:models/quality", "test_name:recall_at_k").check()
    if warehouse.variant.generation == 2:
        assert warehouse.uuid() == table
    [status] = warehouse.ask("vector_index_status")
    assert status["status"] == "Built"
    assert status["count_parts"] == 2


def a_full_refresh_makes_a_new_table(warehouse: Warehouse) -> None:
    tables, table = warehouse.tables(), warehouse.uuid()
    warehouse.run("run", "--select", "photos", "--full-refresh").check()
    assert warehouse.uuid() != table
    assert warehouse.tables() == tables


def the_docs_know_the_columns_of_the_server(warehouse: Warehouse) -> None:
    warehouse.dbt.run("docs", "generate", "--target", "myscale").check()
    catalog = json.loads((warehouse.data.parent / "target" / "catalog.json").read_text())
    columns = catalog["nodes"]["model.photo_search.photos"]["columns"]
    assert columns["photo_embed"]["type"] == "Array(Float32)"


def assert_answers_are_those_of_chdb(
    dbt: DbtProcess, target: str, demo: Demo, photo_ids: tuple[str, ...]
) -> None:
    """Check for the same photos, order and counts, and distances within 1e-3."""
    here = answers(dbt, target, photo_ids)
    there = answers(demo.dbt, "local", photo_ids)
    assert len(here) == len(there) == len(ONCE) + len(photo_ids) * len(OF_EACH)
    for actual, expected in zip(here, there, strict=True):
        assert without_distance(actual) == without_distance(expected)
        for a, b in zip(actual, expected, strict=True):
            assert (a.get("distance") or 0) == pytest.approx(b.get("distance") or 0, abs=1e-3)


def assert_the_search_page_answers(dbt: DbtProcess, target: str, data: Path) -> None:
    command = ("photo-search", "serve", "--target", target, "--port", "0", "--data", str(data))
    with dbt.start(*command) as serving:
        assert serving.stdout
        first = serving.stdout.readline()
        try:
            address = first.split()[5]
            for path, shown in PAGES.items():
                answer = requests.get(address + path, timeout=60)
                assert (answer.status_code, shown in answer.text) == (200, True), answer.text
        finally:
            serving.terminate()


@cache
def answers(dbt: DbtProcess, target: str, photo_ids: tuple[str, ...]) -> list[Rows]:
    """What `target` answers to ONCE and, for each photo, to OF_EACH, in one dbt command."""
    ask = "".join(f"{{% do asked.append({question}) %}}" for question in OF_EACH)
    printed = dbt.run(
        *("--quiet", "compile", "--target", target, "--inline"),
        f"{{% set asked = [{', '.join(ONCE)}] %}}"
        f"{{% for photo_id in {list(photo_ids)} %}}{ask}{{% endfor %}}"
        "{% for sql in asked %}{% set rows = run_query(sql) %}"
        "{% if execute %}{% do rows.print_json() %}{{ print('') }}{% endif %}{% endfor %}select 1",
    )
    lines = [line for line in printed.check().output.splitlines() if line.startswith("[")]
    return [json.loads(line) for line in lines][: len(ONCE) + len(photo_ids) * len(OF_EACH)]


def without_distance(rows: Rows) -> Rows:
    return [{key: cell for key, cell in row.items() if key != "distance"} for row in rows]
