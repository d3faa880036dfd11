"""MyScale's own settings, and the faults that tests can set."""

from __future__ import annotations

import http.client
import json
import math
import time

import pytest

from . import MyScaleStandIn
from .client import Client
from .conftest import COLUMNS, ENGINE, ROWS, status

ADD = "ADD VECTOR INDEX vi v TYPE SCANN('metric_type=Cosine')"


# ---------------------------------------------------------------- settings


def test_a_session_keeps_a_query_setting_of_myscale(server: Client, table: str) -> None:
    server.run("SET enable_brute_force_vector_search = 1, max_threads = 2", session_id=table)
    search = f"SELECT id FROM {table} ORDER BY distance(v, [1.0, 0, 0]) LIMIT 1"
    assert server.rows(search, session_id=table) == [(1,)]
    assert server.rows(search) == []


def test_query_settings_of_myscale_are_listed_in_system_settings(server: Client) -> None:
    """clickhouse-connect sends a setting only if it is listed there."""
    found = server.rows(
        "SELECT name, value FROM system.settings "
        "WHERE name IN ('enable_brute_force_vector_search', 'two_stage_search_option')"
    )
    assert sorted(found) == [
        ("enable_brute_force_vector_search", "0"),
        ("two_stage_search_option", "0"),
    ]


def test_table_settings_of_myscale_go_to_tables_only(server: Client, name: str) -> None:
    setting = "min_rows_to_build_vector_index"
    assert server.error("SELECT 1", **{setting: 1}).code == 115
    assert server.error(f"SET {setting} = 1").code == 115
    server.run(
        f"CREATE TABLE {name} ({COLUMNS}) {ENGINE} SETTINGS {setting} = 1, index_granularity = 1024"
    )
    server.run(f"ALTER TABLE {name} MODIFY SETTING {setting} = 5")
    shown = server.post(f"SHOW CREATE TABLE {name} FORMAT TabSeparatedRaw").text
    assert "index_granularity = 1024" in shown


def test_an_unknown_table_setting_is_refused(server: Client, name: str) -> None:
    settings = "SETTINGS max_rows_to_build_vector_index = 1"
    assert server.error(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE} {settings}").code == 115


def test_the_search_window_limits_paging(server: Client, indexed: str) -> None:
    search = f"SELECT id FROM {indexed} ORDER BY distance(v, [1.0, 0, 0]) LIMIT 3"
    assert len(server.rows(search, max_search_result_window=2)) == 3
    assert server.error(f"{search} OFFSET 1", max_search_result_window=2).code == 36


# ---------------------------------------------------------------- faults


def test_a_statement_does_not_run_when_the_connection_is_cut_before_it(
    server: Client, table: str
) -> None:
    server.standin.drop_connection_on("insert into", when="before")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        server.post(f"INSERT INTO {table} VALUES (9, 'x', [1, 1, 1])")
    assert server.post(f"SELECT count() FROM {table}").text == "3\n"


def test_a_statement_has_run_when_the_connection_is_cut_after_it(
    server: Client, table: str
) -> None:
    server.standin.drop_connection_on("insert into", when="after")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        server.post(f"INSERT INTO {table} VALUES (9, 'x', [1, 1, 1])")
    assert server.post(f"SELECT count() FROM {table}").text == "4\n"


def test_half_of_the_data_arrives_when_the_connection_is_cut_during_an_insert(
    server: Client, name: str
) -> None:
    server.run(f"CREATE TABLE {name} (id UInt32) {ENGINE}")
    server.standin.drop_connection_on("insert into", when="during")
    lines = "".join(f"{n}\n" for n in range(10, 20))
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        server.post(f"INSERT INTO {name} FORMAT CSV\n{lines}")
    assert server.post(f"SELECT count() FROM {name}").text == "5\n"


def test_the_connection_is_cut_as_many_times_as_the_test_says(server: Client) -> None:
    server.standin.drop_connection_on(r"select\s+7", times=2)
    for _ in range(2):
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            server.post("SELECT 7")
    assert server.post("SELECT 7").text == "7\n"


def test_a_build_that_hangs_can_continue(server: Client, table: str) -> None:
    server.standin.build_delay_s = math.inf
    server.run(f"ALTER TABLE {table} {ADD}")
    assert status(server, table) == "InProgress"
    server.standin.build_delay_s = 0
    assert status(server, table) == "Built"


def test_faults_can_be_set_over_http(server: Client, table: str) -> None:
    def ask(action: str, **arguments: object) -> None:
        assert server.request("POST", f"/_standin/{action}", json.dumps(arguments)).status == 200

    ask("fail_next_build", reason="out of disk")
    server.run(f"ALTER TABLE {table} {ADD}")
    assert status(server, table) == "Error"
    ask("build_delay_s", seconds=9)
    ask("drop_connection_on", pattern="select 8", when="before")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        server.post("SELECT 8")
    ask("clear_faults")
    assert server.standin.build_delay_s == 0


@pytest.mark.parametrize("generation", [1, 2])
def test_a_restart_keeps_data_and_built_indexes_and_restarts_unfinished_builds(
    generation: int,
) -> None:
    with MyScaleStandIn(generation, "oss") as standin:
        client = Client(standin)
        standin.clear_faults()
        client.run(f"CREATE TABLE t ({COLUMNS}) {ENGINE}")
        client.run(f"INSERT INTO t VALUES {ROWS}")
        client.run(f"ALTER TABLE t {ADD}")
        assert status(client, "t") == "Built"
        standin.build_delay_s = math.inf
        client.run("INSERT INTO t VALUES (4, 'b', [0, 0, 1])")
        standin.restart(down_s=0)
        search = "SELECT id FROM t ORDER BY distance(v, [1.0, 0, 0]) LIMIT 9"
        assert {row[0] for row in client.rows(search)} == {1, 2, 3}
        assert status(client, "t") == "InProgress"
        standin.build_delay_s = 0
        assert len(client.rows(search)) == 4


def test_a_stopped_server_refuses_connections(servers: object) -> None:
    with MyScaleStandIn(1, "oss") as standin:
        client = Client(standin)
        assert client.request("POST", "/_standin/restart", '{"down_s": 2}').status == 200
        time.sleep(1)
        with pytest.raises(OSError):  # noqa: PT011 (refused, or reset)
            client.post("SELECT 1")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                assert client.rows("SELECT 1") == [(1,)]
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server did not come back")
