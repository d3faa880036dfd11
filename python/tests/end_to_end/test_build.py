"""`photo-search load`, `dbt build` and `dbt test` over the life of a database."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clickhouse_connect
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from dbt.cli.main import dbtRunner

from demo import Demo
from photo_search.errors import WarehouseError
from photo_search.load.load import _check_file
from warm_project import REPOSITORY

TARGET = "H2YYHXTXg_1"
INDEX_STATUS = "{{ vector_search.index_status_query(ref('photos')) }}"


def rewrite_photos(demo: Demo, change: Callable[[pa.Table], pa.Table]) -> None:
    file = demo.data / "photos.parquet"
    pq.write_table(change(pq.read_table(file)), file)


def load(demo: Demo) -> None:
    demo.dbt.load("--data", str(demo.data)).check()


def similar(demo: Demo) -> list[dict[str, Any]]:
    arguments = json.dumps({"photo_id": TARGET, "output": "json"})
    asked = demo.dbt.run("--quiet", "run-operation", "similar_photos", "--args", arguments)
    rows: list[dict[str, Any]] = json.loads(asked.check().output)
    return rows


def value(demo: Demo, sql: str) -> Any:
    shown = demo.dbt.run("--quiet", "show", "--inline", sql, "--limit", "-1", "--output", "json")
    [row] = json.loads(shown.check().output)["show"]
    [only] = row.values()
    return only


def tables(demo: Demo) -> set[str]:
    listed = "select arrayStringConcat(groupArray(name), ' ') from system.tables"
    return set(value(demo, f"{listed} where database like 'photo_search%'").split())


def with_vector(photo_id: str, vector: list[float]) -> Callable[[pa.Table], pa.Table]:
    def change(photos: pa.Table) -> pa.Table:
        vectors = photos["photo_embed"].to_pylist()
        vectors[photos["photo_id"].to_pylist().index(photo_id)] = vector
        field = photos.schema.field("photo_embed")
        return photos.set_column(
            photos.schema.get_field_index("photo_embed"), field, pa.array(vectors, field.type)
        )

    return change


def test_a_build_in_one_thread_passes_without_a_warning(broken: Demo) -> None:
    """The demo was built in four threads, also without a warning."""
    before = tables(broken)
    built = broken.dbt.run("--warn-error", "build", "--full-refresh", "--threads", "1").check()
    assert "ERROR=0" in built.output
    assert "WARN=0" in built.output
    assert tables(broken) == before


def test_a_model_sets_the_metric_of_its_index(demo: Demo) -> None:
    index = {"name": "i", "column": "v", "dimension": 3, "metric": "IP"}
    config = f"{{{{ config(meta={{'vector_index': {index}}}) }}}}"
    inline = f"{config}select $${{{{ vector_search.index_config().type if execute }}}}$$"
    compiled = demo.dbt.run("compile", "--inline", inline).check().output
    assert "vector_similarity('hnsw', 'dotProduct', 3, 'f32', 32, 128)" in compiled
    refused = demo.dbt.run("compile", "--inline", inline.replace("metric", "metrik"))
    assert refused.exit_code == 1
    allowed = "may have a name, a metric (Cosine, L2 or IP) and types (by name of the target)."
    assert allowed in refused.output


def test_the_status_of_an_index_counts_only_the_parts_in_use(broken: Demo) -> None:
    rewrite = "{% do run_query('optimize table ' ~ ref('photos') ~ ' final') %}"
    status = "{{ vector_search.index_status_query(ref('photos')) }}"
    assert value(broken, f"{rewrite}select any(count_parts) from ({status})") == 1
    unused = "select count() > 0 from system.parts where table = 'photos' and not active"
    assert value(broken, f"{rewrite}{unused}")


def test_dbt_test_fails_when_the_index_is_dropped(broken: Demo) -> None:
    value(
        broken,
        "{% do run_query('alter table ' ~ ref('photos') ~ ' drop index photo_embed_index') %}"
        "select 1",
    )
    tested = broken.dbt.run("test", "--select", "photos")
    assert tested.exit_code == 1
    assert "FAIL 1 vector_search_index_is_built" in tested.output
    assert "FAIL 1 vector_index_is_used" in tested.output
    assert "photo_conversions() searches photos without its vector index." in tested.output


def test_an_index_that_lacks_a_part_of_the_table_is_in_progress(broken: Demo) -> None:
    statements = (
        "alter table ' ~ ref('photos') ~ ' drop index photo_embed_index",
        "alter table ' ~ ref('photos') ~ ' add index photo_embed_index photo_embed"
        " type vector_similarity(\\'hnsw\\', \\'cosineDistance\\', 512)",
        "insert into ' ~ ref('photos') ~ ' (photo_id, photo_embed)"
        " select \\'new\\', photo_embed from ' ~ ref('photos') ~ ' limit 1",
    )
    run = "".join(f"{{% do run_query('{statement}') %}}" for statement in statements)
    status = f"select concat(status, ' ', toString(count_built_parts)) from ({INDEX_STATUS})"
    assert value(broken, f"{run}{status}") == "InProgress 1"


def test_a_table_with_an_index_is_built_again_for_a_new_column_or_if_rows_were_lost(
    broken: Demo,
) -> None:
    unchanged, with_a_column, with_lost_rows = (
        f"{{{{ vector_search.must_be_rebuilt(photos, index, '{sql} from ' ~ photos) }}}} "
        for sql in ("select *", "select *, 1 as added", "select *")
    )
    asked = (
        "{% set found = run_query(vector_search.index_status_query(photos)).rows[0] %}"
        "{% set index = {'name': found.index_name, 'type': found.index_type} %}"
        f"{unchanged}{with_a_column}"
        f"{{% do run_query('delete from ' ~ photos ~ ' where photo_id = \\'{TARGET}\\'') %}}"
        f"{with_lost_rows}"
    )
    photos = "{% set photos = load_relation(ref('photos')) %}"
    found = value(broken, f"{photos}select '{{% if execute %}}{asked}{{% endif %}}'")
    assert found.split() == ["False", "True", "True"]


def test_a_period_with_as_many_rows_and_other_keys_is_read_again(demo: Demo) -> None:
    days = "select toDate(arrayJoin([1, 2])) as day"
    arguments = f"'{days}, 5 as key', '({days}, toDayOfMonth(day) + 3 as key)', 'key', 'day'"
    differ = f"{{{{ vector_search._periods_that_differ({arguments}) if execute else 1 }}}}"
    assert value(demo, f"select toString(day) from ({days}) where {differ}") == "1970-01-03"


@pytest.mark.parametrize(
    ("vector", "test"),
    [
        ([0.0] * 512, "FAIL 1 vector_search_source_has_unit_norm_unsplash_photos"),
        ([float("nan")] * 512, "FAIL 1 vector_search_source_has_unit_norm_unsplash_photos"),
        ([511**-0.5] * 511, "FAIL 1 vector_search_source_has_length_unsplash_photos"),
    ],
    ids=["zeros", "nan", "511 numbers"],
)
def test_a_bad_vector_fails_the_test_and_the_build_and_the_old_table_stays(
    broken: Demo, vector: list[float], test: str
) -> None:
    before, before_tables = similar(broken), tables(broken)
    rewrite_photos(broken, with_vector(TARGET, vector))
    load(broken)
    assert test in broken.dbt.run("test", "--select", "source:unsplash").output
    built = broken.dbt.run("run", "--select", "photos")
    assert built.exit_code == 1
    assert "VIOLATED_CONSTRAINT" in built.output
    assert (similar(broken), tables(broken)) == (before, before_tables)


def test_a_duplicate_photo_fails_the_test(broken: Demo) -> None:
    rewrite_photos(broken, lambda photos: pa.concat_tables([photos, photos.slice(0, 1)]))
    load(broken)
    assert "source_unique_unsplash_photos" in broken.dbt.run("test").output


def test_new_photos_are_appended_and_the_index_covers_them(broken: Demo) -> None:
    everything = pq.read_table(broken.data / "photos.parquet")
    expected = similar(broken)
    rewrite_photos(broken, lambda photos: photos.slice(0, 100))
    load(broken)
    broken.dbt.run("run").check()
    table = "select toString(uuid) from system.tables where name = 'photos'"
    uuid = value(broken, f"{table} and database = 'photo_search'")
    rewrite_photos(broken, lambda _: everything)
    load(broken)
    broken.dbt.run("build").check()
    assert value(broken, f"{table} and database = 'photo_search'") == uuid
    assert value(broken, "select count() from {{ ref('photos') }}") == everything.num_rows
    assert value(broken, f"select any(status) from ({INDEX_STATUS})") == "Built"
    assert similar(broken) == expected


def test_a_changed_photo_gets_its_new_vector_and_a_removed_photo_is_deleted(broken: Demo) -> None:
    photos = pq.read_table(broken.data / "photos.parquet")
    gone = similar(broken)[0]["photo_id"]
    vectors = dict(
        zip(photos["photo_id"].to_pylist(), photos["photo_embed"].to_pylist(), strict=True)
    )
    far = similar(broken)[-1]["photo_id"]
    rewrite_photos(broken, with_vector(far, vectors[TARGET]))
    rewrite_photos(broken, lambda table: table.filter(pc.not_equal(table["photo_id"], gone)))
    load(broken)
    broken.dbt.run("build").check()
    after = similar(broken)
    assert after[0]["photo_id"] == far
    assert after[0]["distance"] == pytest.approx(0, abs=1e-6)
    assert gone not in {row["photo_id"] for row in after}
    assert len(after) == 10


def test_late_conversions_are_appended_duplicates_count_once_and_removed_ones_are_deleted(
    broken: Demo,
) -> None:
    file = broken.data / "conversions.parquet"
    everything = pq.read_table(file).group_by(pq.read_schema(file).names).aggregate([])
    early = everything.filter(pa.array([row % 20 > 0 for row in range(everything.num_rows)]))

    def build(conversions: pa.Table) -> tuple[int, str]:
        """The number of rows at the given time, and the table that holds them."""
        pq.write_table(conversions, file)
        load(broken)
        broken.dbt.run("build", "--select", "conversions+", "--exclude", "search_quality").check()
        table = "select toString(uuid) from system.tables where name = 'conversions'"
        return (
            value(broken, "select count() from {{ ref('conversions') }}"),
            value(broken, f"{table} and database = 'photo_search'"),
        )

    before = value(broken, "select count() from {{ ref('photo_keywords') }}")
    rows, table = build(early)
    assert rows == early.num_rows
    assert build(pa.concat_tables([everything, everything.slice(0, 50)])) == (
        everything.num_rows,
        table,
    )
    assert value(broken, "select uniqExact(added_at) from {{ ref('conversions') }}") == 2
    assert value(broken, "select count() from {{ ref('photo_keywords') }}") == before
    rows, _ = build(early)
    assert rows == early.num_rows


def test_search_quality_keeps_its_rows_when_a_build_renames_its_column(broken: Demo) -> None:
    table = "{{ ref('search_quality') }}"
    rename = "rename column count_query_photos to count_targets"
    value(
        broken,
        f"{{% do run_query('alter table ' ~ ref('search_quality') ~ ' {rename}') %}} select 1",
    )
    broken.dbt.run("run", "--select", "search_quality").check()
    assert value(broken, f"select groupArray(count_query_photos) from {table}") == "[30, 30]"


def test_a_running_engine_counts_new_downloads_at_once(
    broken: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    for name, value in broken.dbt.environment.items():
        monkeypatch.setenv(name, value)
    with broken.project.open() as warehouse:
        question = warehouse.compile("photo_conversions", photo_id=TARGET)
        conversions = warehouse.relation("conversions")
    database = str(broken.data / "chdb")
    with clickhouse_connect.get_client(interface="chdb", path=database) as engine:
        before = list(engine.query(question).named_results())
        engine.command(
            f"insert into {conversions} select * replace (now64(6, 'UTC') as added_at)"
            f" from {conversions} where photo_id = '{before[0]['photo_id']}'"
        )
        run = dbtRunner().invoke(["--quiet", "run", "--select", "photo_downloads"])
        assert run.success, run.exception
        after = list(engine.query(question).named_results())
    assert after[0] == before[0] | {"count_downloads": 2 * before[0]["count_downloads"]}
    assert after[1:] == before[1:]


def test_photos_at_equal_distance_are_in_the_order_of_photo_id_even_at_the_last_row(
    broken: Demo,
) -> None:
    photos = pq.read_table(broken.data / "photos.parquet")
    ids = photos["photo_id"].to_pylist()
    twins = sorted(photo_id for photo_id in ids if photo_id != TARGET)[:8]
    vector = photos["photo_embed"][ids.index(TARGET)].as_py()
    for twin in twins:
        rewrite_photos(broken, with_vector(twin, vector))
    load(broken)
    broken.dbt.run("run", "--select", "photos").check()
    assert [row["photo_id"] for row in similar(broken)][:8] == twins
    arguments = json.dumps({"photo_id": TARGET, "top_k": 3, "output": "json"})
    cut = broken.dbt.run("--quiet", "run-operation", "similar_photos", "--args", arguments)
    assert [row["photo_id"] for row in json.loads(cut.check().output)] == twins[:3]


def test_a_load_that_fails_changes_nothing(broken: Demo) -> None:
    load_id = value(broken, "select any(load_id) from {{ source('unsplash', 'photos') }}")
    before = tables(broken)
    (broken.data / "conversions.parquet").write_bytes(b"PAR1 not a Parquet file PAR1")
    failed = broken.dbt.load("--data", str(broken.data))
    assert failed.exit_code == 1
    assert "conversions.parquet cannot be read" in failed.output
    assert tables(broken) == before
    assert value(broken, "select any(load_id) from {{ source('unsplash', 'photos') }}") == load_id


def test_a_load_from_a_folder_named_like_a_pattern_reads_no_other_folder(broken: Demo) -> None:
    odd, beside = broken.data / "20{24,25}?*[1]", broken.data / "2024a[1]"
    for folder in (odd, beside):
        folder.mkdir()
        for file in broken.data.glob("*.parquet"):
            (folder / file.name).write_bytes(file.read_bytes())
    outcome = broken.dbt.load("--data", str(odd)).check()
    assert "255 rows in photos" in outcome.output
    assert "12,000 rows in conversions" in outcome.output


@pytest.mark.parametrize("table", ["photos", "conversions"])
def test_a_load_empties_a_table_only_with_allow_empty(broken: Demo, table: str) -> None:
    count = f"select count() from {{{{ source('unsplash', '{table}') }}}}"
    before = value(broken, count)
    file = broken.data / f"{table}.parquet"
    pq.write_table(pq.read_table(file).slice(0, 0), file)
    refused = broken.dbt.load("--data", str(broken.data))
    assert refused.exit_code == 1
    assert f"has no rows, and the table {table} has {before}." in refused.output
    assert f"photo-search load --allow-empty {table}" in refused.output
    assert value(broken, count) == before
    broken.dbt.load("--data", str(broken.data), "--allow-empty", table).check()
    broken.dbt.load("--data", str(broken.data)).check()
    assert value(broken, count) == 0


def test_a_load_may_empty_the_table_of_failures(broken: Demo) -> None:
    file = broken.data / "photo_failures.parquet"
    pq.write_table(pq.read_table(file).slice(0, 0), file)
    assert "0 rows in photo_failures" in broken.dbt.load("--data", str(broken.data)).check().output


@pytest.mark.parametrize("damage", ["cut", "flipped", "a column is missing"])
@pytest.mark.parametrize("name", ["photos", "conversions", "photo_failures"])
def test_a_damaged_file_is_refused_before_anything_changes(
    tmp_path: Path, demo: Demo, name: str, damage: str
) -> None:
    file = tmp_path / f"{name}.parquet"
    table = pq.read_table(demo.data / file.name)
    if damage == "a column is missing":
        pq.write_table(table.drop_columns(table.schema.names[-1:]), file)
    else:
        pq.write_table(table, file, write_page_checksum=True)
        column = pq.read_metadata(file).row_group(0).column(0)
        data = bytearray(file.read_bytes())
        data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
        file.write_bytes(data if damage == "flipped" else data[: len(data) // 2])
    columns = table.schema.names
    with file.open("rb") as opened, pytest.raises(WarehouseError) as refused:
        _check_file(file, opened, columns)
    expected = "must have the columns" if "column" in damage else "cannot be read: it is damaged"
    assert str(refused.value).startswith(f"{file} {expected}")
    assert "Run `photo-search embed` to write it again" in str(refused.value)


def damage(demo: Demo, table: str) -> None:
    """Cut the data of a table in half, as a full disk or an incomplete copy would.

    The former version of a part stays on the disk for some minutes. The engine returns to it when
    the newer part is broken, so it is cut as well.
    """
    path = "select data_paths[1] from system.tables"
    folder = Path(value(demo, f"{path} where concat(database, '.', name) = '{table}'"))
    for part in {file.parent for file in folder.glob("*/*.bin")}:
        largest = max(part.glob("*.bin"), key=lambda file: file.stat().st_size)
        os.truncate(largest, largest.stat().st_size // 2)


@pytest.mark.parametrize("table", ["photos", "conversions"])
def test_a_damaged_source_stops_the_build_and_the_good_tables_stay(
    broken: Demo, table: str
) -> None:
    damage(broken, f"photo_search_raw.{table}")
    built = broken.dbt.run("run", "--select", f"{table}+", "--full-refresh")
    assert built.exit_code == 1
    rows = {"photos": 255, "conversions": 12000}[table]
    assert (
        f"The table photo_search_raw.{table} is damaged: it has 0 rows, not the {rows} that the "
        f"load left in it. {table} was not built and stays as it is. Run `photo-search load`, then"
    ) in built.output
    assert value(broken, f"select count() >= 255 from {{{{ ref('{table}') }}}}")
    assert value(broken, "select sum(count_downloads) > 0 from {{ ref('photo_downloads') }}")
    load(broken)
    broken.dbt.run("run", "--select", table).check()


def test_a_build_stops_if_the_rows_differ_from_those_of_the_load(broken: Demo) -> None:
    source = '" ~ source("unsplash", "photos") ~ "'
    changes = (
        f"insert into {source} select * replace (1 as row_hash) from {source} limit 1",
        f"delete from {source} where row_hash = (select max(row_hash) from {source})",
    )
    run = "".join(f'{{% do run_query("{one}") %}}' for one in changes)
    value(broken, f"{run} select 1")
    built = broken.dbt.run("run", "--select", "photos")
    assert built.exit_code == 1
    assert (
        "The table photo_search_raw.photos is damaged: some of its 255 rows were changed after the "
        "load. photos was not built and stays as it is."
    ) in built.output


def test_a_damaged_mart_is_not_read_and_the_next_run_builds_it_with_the_same_counts(
    broken: Demo,
) -> None:
    totals = (
        "select concat(toString(count()), ' ', toString(sum(count_downloads))) from {{ ref('%s') }}"
    )
    counted = ("photo_downloads", "photo_keywords")
    before = [value(broken, totals % table) for table in counted]
    for table in ("photos", "conversions", "photo_keywords", "photo_map"):
        damage(broken, f"photo_search.{table}")
    refused = broken.dbt.run("run", "--select", "photo_downloads", "showcase_similar_photos")
    assert refused.exit_code == 1
    assert "is damaged: it has 0 rows, not the" in refused.output
    assert value(broken, totals % "photo_downloads") == before[0]
    selected = broken.dbt.run("run", "--select", "photos", "conversions", *counted, "photo_map")
    assert "Run `dbt build --full-refresh --select photo_map`." in selected.output
    assert [value(broken, totals % table) for table in counted] == before
    assert value(broken, "select count() from {{ ref('photos') }}") == 255
    broken.dbt.run("run", "--full-refresh", "--select", "photo_map").check()


def test_the_database_is_in_the_project_wherever_the_command_starts(
    demo: Demo, tmp_path: Path
) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("dbt_packages", "macros", "models", "seeds", "tests"):
        shutil.copytree(REPOSITORY / name, project / name)
    for name in ("dbt_project.yml", "packages.yml", "profiles.yml"):
        shutil.copy(REPOSITORY / name, project)
    (project / "data").mkdir()
    for file in demo.data.glob("*.parquet"):
        shutil.copy(file, project / "data")

    def start(folder: Path, command: str, *arguments: str, **variables: str) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "PHOTO_"))}
        subprocess.run(
            [Path(sys.executable).with_name(command), *arguments],
            cwd=folder,
            env=environment | variables,
            check=True,
            timeout=240,
        )

    start(elsewhere, "photo-search", "load", "--project-dir", "../project")
    assert (project / "data" / "chdb" / "store").is_dir()
    named = {"DBT_PROFILES_DIR": str(REPOSITORY / "profiles")}
    start(
        elsewhere,
        "dbt",
        "run",
        "--select",
        "staging.unsplash",
        "--project-dir",
        "../project",
        **named,
    )
    start(project / "models", "dbt", "run", "--select", "staging.unsplash", **named)
    assert list(elsewhere.iterdir()) == []
    assert not (project / "models" / "data").exists()


def test_a_path_for_an_answer_starts_at_the_folder_of_the_command_or_at_home(
    broken: Demo, tmp_path: Path
) -> None:
    def write(out: str) -> str:
        arguments = json.dumps({"output": "csv", "out": out})
        asked = broken.dbt.run(
            "run-operation", "random_photo", "--args", arguments, HOME=str(tmp_path)
        )
        return asked.output

    assert f"1 rows in {tmp_path}/a.csv" in write("~/a.csv")
    assert (tmp_path / "a.csv").is_file()
    message = "`out` must not begin with the home of an unknown user. Got: ~nobody-here/a.csv"
    assert message in write("~nobody-here/a.csv")
    assert not Path("~nobody-here").exists()


def test_vectors_of_two_versions_are_refused_before_anything_changes(broken: Demo) -> None:
    def mix(photos: pa.Table) -> pa.Table:
        versions = ["another", *photos["embedding_version"].to_pylist()[1:]]
        at = photos.schema.get_field_index("embedding_version")
        return photos.set_column(at, photos.schema.field(at), pa.array(versions))

    rewrite_photos(broken, mix)
    refused = broken.dbt.load("--data", str(broken.data))
    assert refused.exit_code == 1
    assert "one embedding version, the one its metadata names" in refused.output


@pytest.mark.parametrize("command", ["photo-search load", "dbt build --full-refresh"])
def test_a_build_after_a_killed_load_and_build_is_complete(broken: Demo, command: str) -> None:
    expected, before = similar(broken), tables(broken)
    program, *arguments = command.split()
    data = ("--data", str(broken.data)) if program == "photo-search" else ()
    for seconds in (2.5, 4.0, 5.5):
        process = broken.dbt.start(program, *arguments, *data)
        time.sleep(seconds)
        process.kill()
        process.wait()
        assert len(similar(broken)) == 10
    if program == "photo-search":
        broken.dbt.load(*data).check()
        broken.dbt.run("build").check()
    else:
        broken.dbt.run(*arguments).check()
    assert similar(broken) == expected
    assert tables(broken) == before
