"""What goes wrong while a table is built, with searches running all the time."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from myscale.warehouse import TARGET, Variant, Warehouse
from myscale_standin import MyScaleStandIn
from myscale_standin.client import Client

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
    """What a reader saw: answers that were right, answers that were not, and no connection."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    unanswered: int = 0


@contextmanager
def searches(server: MyScaleStandIn) -> Iterator[Searches]:
    """Search without pause, by the index alone and with the scan of what it does not cover."""
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


@pytest.fixture
def server(myscale: Warehouse) -> Iterator[MyScaleStandIn]:
    assert myscale.faults is not None
    myscale.faults.clear_faults()
    yield myscale.faults
    myscale.faults.clear_faults()


def the_next_run_is_whole(myscale: Warehouse, tables: str) -> None:
    table = myscale.uuid()
    myscale.run(*REBUILD).check()
    assert myscale.uuid() != table
    assert myscale.tables() == tables
    assert myscale.ask("vector_index_status")[0]["status"] == "Built"


def test_a_build_that_hangs_ends_at_the_deadline_and_the_old_table_serves(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables, table = myscale.tables(), myscale.uuid()
    server.build_delay_s = math.inf
    with searches(server) as seen:
        failed = myscale.run(*REBUILD, "--vars", "{vector_index_deadline_s: 2}")
    assert failed.exit_code == 1
    assert (
        "It still builds after 2 s; the var vector_index_deadline_s allows more." in failed.output
    )
    assert (myscale.tables(), myscale.uuid()) == (tables, table)
    server.clear_faults()
    with searches(server) as then:
        the_next_run_is_whole(myscale, tables)
    assert seen.wrong == then.wrong == []
    assert seen.right > 5


def test_a_build_that_fails_gives_its_reason_and_the_old_table_serves(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables, table = myscale.tables(), myscale.uuid()
    server.fail_next_build("Cannot allocate memory")
    with searches(server) as seen:
        failed = myscale.run(*REBUILD)
        assert failed.exit_code == 1
        assert "failed: Cannot allocate memory" in failed.output
        assert (myscale.tables(), myscale.uuid()) == (tables, table)
        the_next_run_is_whole(myscale, tables)
    assert seen.wrong == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "statement", ["insert into.*photos__dbt_tmp", "add vector index photo_embed", "exchange tables"]
)
def test_a_connection_lost_on_the_way_leaves_a_whole_table_and_nothing_behind(
    myscale: Warehouse, server: MyScaleStandIn, statement: str, when: str
) -> None:
    tables = myscale.tables()
    server.drop_connection_on(statement, when=when)
    with searches(server) as seen:
        failed = myscale.run(*REBUILD)
        assert failed.exit_code == 1
        assert "executing HTTP request" in failed.output
        assert myscale.tables() == tables
        assert myscale.ask("vector_index_status")[0]["status"] == "Built"
        the_next_run_is_whole(myscale, tables)
    assert seen.wrong == []


def test_a_connection_lost_while_waiting_is_asked_again(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    server.drop_connection_on("from system.vector_indices")
    with searches(server) as seen:
        myscale.run(*REBUILD).check()
    assert seen.wrong == []


def test_a_server_that_restarts_while_it_builds_answers_as_before(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables = myscale.tables()
    server.build_delay_s = 3
    restart = threading.Timer(2.5, server.restart, kwargs={"down_s": 0.5})
    with searches(server) as seen:
        restart.start()
        myscale.run(*REBUILD)  # it may notice or not
        restart.join()
        server.clear_faults()
        the_next_run_is_whole(myscale, tables)
    assert seen.wrong == []
    assert seen.unanswered > 0


def test_another_run_beside_leaves_a_whole_table_and_nothing_behind(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables = myscale.tables()
    server.build_delay_s = 1
    with searches(server) as seen:
        with myscale.dbt.start("dbt", *REBUILD, "--target", "myscale") as beside:
            myscale.run(*REBUILD)
            beside.communicate()
        assert myscale.ask("vector_index_status")[0]["status"] == "Built"
        the_next_run_is_whole(myscale, tables)
    assert seen.wrong == []


def test_an_append_whose_index_fails_says_why_and_the_next_run_heals_it(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    myscale.rewrite_photos(lambda photos: photos.slice(0, 200))
    myscale.run(*REBUILD).check()
    myscale.rewrite_photos(lambda photos: photos)
    server.fail_next_build("Cannot allocate memory")
    failed = myscale.run("run", "--select", "photos")
    assert "failed: Cannot allocate memory" in failed.output
    myscale.run("run", "--select", "photos").check()
    assert myscale.ask("vector_index_status")[0]["status"] == "Built"
    assert len(myscale.ask("similar_photos", photo_id=TARGET, top_k=254)) == 254


# ---------- the loader


@pytest.mark.parametrize(
    ("statement", "when"),
    [
        ("insert into.*conversions__loading", "before"),
        ("insert into.*conversions__loading", "during"),
        ("insert into.*conversions__loading", "after"),
        ("exchange tables.*__loading", "after"),
        ("drop table if exists.*conversions__loading", "before"),
    ],
)
def test_a_load_cut_in_the_middle_leaves_whole_tables(
    myscale: Warehouse, server: MyScaleStandIn, statement: str, when: str
) -> None:
    tables = myscale.tables()
    server.drop_connection_on(statement, when=when)
    outcome = myscale.load()
    assert "Traceback" not in outcome.output
    assert outcome.exit_code == 0 or "either all tables are new or none is" in outcome.output
    assert count_of_loads(myscale) == "12000 rows, 255 photos, 1 load"
    assert myscale.tables() == tables


def count_of_loads(myscale: Warehouse) -> str:
    return str(
        myscale.value(
            "select concat(toString(countIf(kind = 'c')), ' rows, ', "
            "toString(countIf(kind = 'p')), ' photos, ', "
            "toString(uniqExact(load_id)), ' load') as counted from ("
            "select 'p' as kind, load_id from {{ source('unsplash', 'photos') }} union all "
            "select 'c' as kind, load_id from {{ source('unsplash', 'conversions') }})"
        )
    )


# ---------- what is refused before anything is built


def test_an_open_source_server_called_cloud_is_refused_with_the_way_out(
    myscale: Warehouse, server: MyScaleStandIn
) -> None:
    tables, table = myscale.tables(), myscale.uuid()
    refused = wrong(myscale, MYSCALE_EDITION="cloud")
    assert "has no MSTG index: use SCANN. Set MYSCALE_EDITION=oss" in refused
    assert (myscale.tables(), myscale.uuid()) == (tables, table)


@pytest.mark.parametrize(
    "setting",
    [
        {"DBT_ENV_SECRET_MYSCALE_PASSWORD": "wrong"},
        {"MYSCALE_PORT": "1"},
        {"MYSCALE_HOST": "nobody.invalid"},
        {"MYSCALE_SECURE": "true"},
    ],
    ids=["password", "port", "host", "TLS"],
)
def test_a_server_that_cannot_be_reached_says_what_to_check(
    myscale: Warehouse, setting: dict[str, str]
) -> None:
    refused = wrong(myscale, **setting)
    assert "Check MYSCALE_HOST, MYSCALE_PORT, MYSCALE_USER and DBT_ENV" in refused
    assert "secret" not in refused


def test_an_edition_that_is_none_is_refused(myscale: Warehouse) -> None:
    assert "must be cloud or oss. Got: free" in wrong(myscale, MYSCALE_EDITION="free")


def test_a_certificate_that_nobody_vouches_for_is_refused(
    warehouses: Callable[[Variant], Warehouse],
) -> None:
    secured = warehouses(Variant(2, "cloud", tls=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(secured.dbt.environment, "SSL_CERT_FILE")
        refused = secured.dbt.cold(*REBUILD, "--target", "myscale")
    assert refused.exit_code > 0
    assert "that its certificate is one this machine trusts" in refused.output
    assert "CERTIFICATE_VERIFY_FAILED" in refused.output


def wrong(myscale: Warehouse, **settings: str) -> str:
    """What a rebuild prints that fails under other settings of the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setitem(myscale.dbt.environment, name, value)
        failed = myscale.dbt.cold(*REBUILD, "--target", "myscale")
    assert failed.exit_code > 0
    return failed.output
