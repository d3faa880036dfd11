"""Failures during a build, while searches run."""

import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from myscale.warehouse import TARGET, Warehouse
from myscale_standin import MyScaleStandIn
from myscale_standin.client import Client
from warm_project import Outcome

REBUILD = ("run", "--select", "photos", "--full-refresh")
SEARCH = """
select photo_id from (
    select photo_id, distance(photo_embed, (
        select photo_embed from photo_search.photos where photo_id = '{target}'
    )) as distance
    from photo_search.photos order by distance asc limit 20
) order by distance asc, photo_id asc limit 11 settings enable_brute_force_vector_search = {scan}
"""


@dataclass
class Searches:
    """What a reader saw: correct answers, wrong answers, and lost connections."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    unanswered: int = 0


@contextmanager
def searches(server: MyScaleStandIn) -> Iterator[Searches]:
    """Search all the time, through the index only and with a scan of what it does not cover.

    Fails unless every answer equals the earlier one.
    """
    client, seen, end = Client(server), Searches(), threading.Event()
    questions = [SEARCH.format(target=TARGET, scan=scan) for scan in (0, 1)]
    expected = client.rows(questions[1])
    assert len(expected) == 11

    def search() -> None:
        while not end.is_set():
            for question in questions:
                try:
                    answer = client.post(question, default_format="JSONCompactEachRow")
                except OSError:
                    seen.unanswered += 1
                    time.sleep(0.05)
                    continue
                rows = [tuple(json.loads(line)) for line in answer.text.splitlines()]
                if not answer.code and rows == expected:
                    seen.right += 1
                    time.sleep(0.02)
                else:
                    seen.wrong.append(answer.text)

    reader = threading.Thread(target=search)
    reader.start()
    try:
        yield seen
    finally:
        end.set()
        reader.join()
    assert seen.wrong == []
    assert seen.right > 0


@pytest.fixture
def myscale(built: Warehouse) -> Warehouse:
    return built


def the_next_run_is_whole(myscale: Warehouse, tables: list[str]) -> None:
    table = myscale.uuid()
    myscale.run(*REBUILD).check()
    assert myscale.uuid() != table
    assert myscale.tables() == tables
    assert myscale.status() == "Built"


def far_photos(myscale: Warehouse, count: int) -> list[str]:
    """The photos least similar to TARGET. They can come and go without changing its neighbours."""
    ids = myscale.everything["photo_id"].to_pylist()
    vectors = np.array(myscale.everything["photo_embed"].to_pylist())
    return [ids[i] for i in np.argsort(vectors @ vectors[ids.index(TARGET)])[:count]]


def without(photo_ids: list[str]) -> Callable[[pa.Table], pa.Table]:
    return lambda photos: photos.filter(
        pc.invert(pc.is_in(photos["photo_id"], pa.array(photo_ids)))
    )


def with_description(photo_ids: list[str], text: str) -> Callable[[pa.Table], pa.Table]:
    def change(photos: pa.Table) -> pa.Table:
        described = pc.if_else(
            pc.is_in(photos["photo_id"], pa.array(photo_ids)), text, photos["photo_description"]
        )
        at = photos.schema.get_field_index("photo_description")
        return photos.set_column(at, photos.schema.field(at), described)

    return change


def test_a_build_that_hangs_ends_at_the_deadline_and_the_old_table_stays(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables, table = myscale.tables(), myscale.uuid()
    server.build_delay_s = math.inf
    with searches(server):
        failed = myscale.run(*REBUILD, "--vars", "{vector_index_deadline_s: 2}")
    assert failed.exit_code == 1
    assert (
        "It still builds after 2 s; the var vector_index_deadline_s allows more." in failed.output
    )
    assert (myscale.tables(), myscale.uuid()) == (tables, table)
    server.clear_faults()
    with searches(server):
        the_next_run_is_whole(myscale, tables)


def test_a_build_that_fails_gives_its_reason_and_the_old_table_stays(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables, table = myscale.tables(), myscale.uuid()
    server.fail_next_build("Cannot allocate memory")
    with searches(server):
        failed = myscale.run(*REBUILD)
        assert failed.exit_code == 1
        assert "failed: Cannot allocate memory" in failed.output
        assert (myscale.tables(), myscale.uuid()) == (tables, table)
        the_next_run_is_whole(myscale, tables)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "statement", ["insert into.*photos__dbt_tmp", "add vector index photo_embed", "exchange tables"]
)
def test_a_lost_connection_leaves_a_complete_table_and_no_others(
    myscale: Warehouse, server: MyScaleStandIn, statement: str, when: str
) -> None:
    tables = myscale.tables()
    server.drop_connection_on(statement, when=when)
    with searches(server):
        failed = myscale.run(*REBUILD)
        assert failed.exit_code == 1
        assert "executing HTTP request" in failed.output
        assert myscale.tables() == tables
        assert myscale.status() == "Built"
        the_next_run_is_whole(myscale, tables)


def test_a_request_is_repeated_if_its_connection_is_lost_while_waiting(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    server.drop_connection_on("from system.vector_indices")
    with searches(server):
        myscale.run(*REBUILD).check()


def test_a_server_that_restarts_during_a_build_answers_as_before(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables = myscale.tables()
    server.build_delay_s = 3
    restart = threading.Timer(2.5, server.restart, kwargs={"down_s": 0.5})
    with searches(server) as seen:
        restart.start()
        myscale.run(*REBUILD)  # dbt may notice the restart or not
        restart.join()
        server.clear_faults()
        the_next_run_is_whole(myscale, tables)
    assert seen.unanswered > 0


def test_a_second_run_at_the_same_time_stops_with_one_clear_message(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables, table = myscale.tables(), myscale.uuid()
    server.build_delay_s = math.inf
    with searches(server):
        with myscale.dbt.start("dbt", *REBUILD, "--target", "myscale") as first:
            wait_for(lambda: "photo_search.photos__dbt_tmp" in myscale.tables())
            seconds = [myscale.run(*REBUILD), myscale.run("run", "--select", "photos")]
            server.clear_faults()
            output, _ = first.communicate()
        assert first.returncode == 0, output
        for second in seconds:
            assert second.exit_code == 1
            assert "Another run of dbt is building `photo_search`.`photos`. Wait" in second.output
        assert myscale.uuid() != table
        assert myscale.tables() == tables


def test_a_second_run_at_the_same_time_adds_no_conversion_twice(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    first = (
        '/* {"node_id": "model.photo_search.conversions"} */ '
        "select sleepEachRow(1) from numbers(60) settings max_block_size = 1"
    )
    at_work = threading.Thread(
        target=Client(server).post, args=(first,), kwargs={"database": "photo_search"}
    )
    with locked(myscale, "conversions"):
        at_work.start()
        second = myscale.run("run", "--select", "conversions")
        myscale.client.command("kill query where query like '%sleepEachRow%'")
        at_work.join()
    assert second.exit_code == 1
    assert "Another run of dbt is building `photo_search`.`conversions`. Wait" in second.output


@contextmanager
def locked(myscale: Warehouse, table: str) -> Iterator[None]:
    """Another run has the lock of the table."""
    lock = f"photo_search.{table}__dbt_lock"
    myscale.client.command(
        f"create table {lock} (run String) engine = MergeTree order by tuple() comment 'another'"
    )
    yield
    myscale.client.command(f"drop table {lock}")


def test_a_failed_run_drops_its_own_table_and_not_that_of_another_run(myscale: Warehouse) -> None:
    model = {
        "schema": "photo_search",
        "alias": "photos",
        "config": {"materialized": "vector_table"},
    }
    node = model | {"unique_id": "model.photo_search.photos"}
    failed = json.dumps({"results": [{"status": "error", "node": node}]})
    building = "photo_search.photos__dbt_tmp"
    with locked(myscale, "photos"):
        myscale.client.command(f"create table {building} as photo_search.photos")
        myscale.run("run-operation", "drop_unfinished_tables", "--args", failed).check()
        assert building in myscale.tables()
        myscale.client.command(f"drop table {building}")


def test_a_run_after_a_killed_one_takes_over_its_lock(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables = myscale.tables()
    server.build_delay_s = math.inf
    with myscale.dbt.start("dbt", *REBUILD, "--target", "myscale") as killed:
        wait_for(lambda: "photo_search.photos__dbt_tmp" in myscale.tables())
        killed.kill()
    assert "photo_search.photos__dbt_lock" in myscale.tables()
    server.clear_faults()
    the_next_run_is_whole(myscale, tables)


def test_a_changed_index_definition_causes_a_rebuild(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    table = myscale.uuid()
    for statement in (
        "drop vector index photo_embed_index",
        "add vector index photo_embed_index photo_embed type FLAT('metric_type=Cosine')",
    ):
        myscale.client.command(f"alter table photo_search.photos {statement}")
    with searches(server):
        myscale.run("run", "--select", "photos").check()
    assert myscale.uuid() != table
    assert myscale.ask("vector_index_status")[0]["index_type"] == "SCANN('metric_type=Cosine')"


def test_an_append_whose_index_fails_says_why_and_the_next_run_repairs_it(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    myscale.rewrite_photos(without(far_photos(myscale, 55)))
    myscale.run(*REBUILD).check()
    myscale.rewrite_photos(lambda photos: photos)
    server.fail_next_build("Cannot allocate memory")
    with searches(server):
        failed = myscale.run("run", "--select", "photos")
        assert "failed: Cannot allocate memory" in failed.output
        myscale.run("run", "--select", "photos").check()
    assert myscale.status() == "Built"
    assert len(myscale.ask("similar_photos", photo_id=TARGET, top_k=254)) == 254


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "statement",
    ["create table .*photos__dbt_tmp.*except", "delete from .*photos", r"insert into .*`photos`\s"],
    ids=["keys", "delete", "insert"],
)
def test_other_rows_can_be_found_after_a_connection_is_lost_during_a_change(
    myscale: Warehouse, server: MyScaleStandIn, statement: str, when: str
) -> None:
    tables, table = myscale.tables(), myscale.uuid()
    changed, gone = far_photos(myscale, 2)
    text = f"changed {statement} {when}"
    describe = with_description([changed], text)
    myscale.rewrite_photos(lambda photos: without([gone])(describe(photos)))
    server.drop_connection_on(statement, when=when)
    with searches(server):
        assert myscale.run("run", "--select", "photos").exit_code == 1
        myscale.run("run", "--select", "photos").check()
    assert (myscale.tables(), myscale.uuid()) == (tables, table)
    described = (
        "select count(), countIf(photo_description = {text:String}) from photo_search.photos"
    )
    assert myscale.client.query(described, {"text": text}).result_rows == [(254, 1)]
    assert myscale.status() == "Built"


def test_with_a_cluster_every_statement_about_the_table_names_it(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    for change, command in (
        (with_description(far_photos(myscale, 1), "before"), REBUILD),
        (with_description(far_photos(myscale, 1), "after"), ("run", "--select", "photos")),
    ):
        myscale.rewrite_photos(change)
        settings = {"MYSCALE_CLUSTER": "standin", "DBT_LOG_LEVEL_FILE": "debug"}
        myscale.dbt.run(*command, "--target", "myscale", **settings).check()
    log = (myscale.data.parent / "logs" / "dbt.log").read_text()
    for start, end in (
        ("create table `photo_search`.`photos__dbt_tmp`", r"\(v Array"),
        ("alter table `photo_search`.`photos__dbt_tmp`", "add vector index v "),
        ("optimize table `photo_search`.`photos__dbt_tmp`", "final"),
        ("alter table `photo_search`.`photos__dbt_tmp`", "add vector index photo_embed_index"),
        ("EXCHANGE TABLES `photo_search`.`photos__dbt_tmp` AND `photo_search`.`photos`", ""),
        ("create table `photo_search`.`photos__dbt_tmp`", "engine = MergeTree .* as select"),
        ("delete from `photo_search`.`photos`", "where photo_id in"),
    ):
        assert re.search(rf'{start}\s+ON CLUSTER "standin"\s+{end}', log), (start, end)
    assert "clusterAllReplicas('standin', system.vector_indices)" in log


# ---------- what is refused before anything is built


def test_the_message_for_an_open_source_server_called_cloud_says_what_to_do(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables, table = myscale.tables(), myscale.uuid()
    refused = myscale.dbt.run(*REBUILD, "--target", "myscale", MYSCALE_EDITION="cloud")
    assert refused.exit_code == 1
    assert "has no MSTG index: use SCANN. Set `edition: oss`" in refused.output
    assert (myscale.tables(), myscale.uuid()) == (tables, table)


def test_alpha_is_an_argument_from_1_to_4(myscale: Warehouse) -> None:
    def compiled(alpha: float) -> Outcome:
        search = f"vector_search.indexed_distance('photo_embed', '[1.0]', alpha={alpha})"
        return myscale.run("compile", "--inline", f"select {{{{ {search} }}}}")

    assert "distance('alpha=1.5')(photo_embed, [1.0])" in compiled(1.5).output
    refused = compiled(4.5).output
    assert "`alpha` argument for indexed_distance() must be a number from 1 to 4." in refused


def test_a_model_sets_the_metric_and_the_type_of_its_index(myscale: Warehouse) -> None:
    def compiled(**more: object) -> str:
        index = {"name": "i", "column": "v", "dimension": 3} | more
        config = f"{{{{ config(meta={{'vector_index': {index}}}) }}}}"
        inline = f"{config}select $${{{{ vector_search.index_config().type if execute }}}}$$"
        return myscale.run("compile", "--inline", inline).output

    assert "SCANN('metric_type=Cosine')" in compiled()
    assert "SCANN('metric_type=IP')" in compiled(metric="IP")
    assert "FLAT('metric_type=L2')" in compiled(types={"myscale": "FLAT('metric_type=L2')"})
    assert "SCANN" in compiled(types={"local": "none"})
    for wrong in ({"metric": "Hamming"}, {"dimensions": 3}):
        assert "and may have a name, a metric (Cosine, L2 or IP)" in compiled(**wrong)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
