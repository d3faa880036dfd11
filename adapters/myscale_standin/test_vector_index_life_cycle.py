"""system.vector_indices and its segments, and how statements change the index of a table."""

from __future__ import annotations

import math
import threading
import time

from .client import Client
from .conftest import COLUMNS, ENGINE, status

ADD = "ADD VECTOR INDEX vi v TYPE SCANN('metric_type=Cosine')"
MORE = "(4, 'b', [0, 0, 1]), (5, 'b', [0, 1, 1])"


def counts(client: Client, table: str) -> tuple[object, ...]:
    columns = "toInt32(total_parts), toInt32(parts_with_vector_index), toInt32(small_parts), status"
    return client.rows(f"SELECT {columns} FROM system.vector_indices WHERE table = '{table}'")[0]


def stuck(client: Client) -> None:
    client.standin.build_delay_s = math.inf


# ---------------------------------------------------------------- the tables


def test_vector_indices_has_these_columns_in_this_order(server: Client) -> None:
    columns = [row[0] for row in server.rows("DESCRIBE (SELECT * FROM system.vector_indices)")]
    assert columns == [
        "database", "table", "name", "type", "expr", "total_parts", "parts_with_vector_index",
        "small_parts", "status", "host_name", "latest_failed_part", "latest_fail_reason",
    ]  # fmt: skip


def test_vector_index_segments_has_these_columns_in_this_order(server: Client) -> None:
    columns = [
        row[0] for row in server.rows("DESCRIBE (SELECT * FROM system.vector_index_segments)")
    ]
    assert columns == [
        "database", "table", "part", "owner_part", "owner_part_id", "name", "type", "dimension",
        "status", "total_vectors", "memory_usage_bytes", "disk_usage_bytes", "progress", "elapsed",
        "error",
    ]  # fmt: skip


def test_an_index_has_one_row_per_server_over_all_replicas_too(
    server: Client, indexed: str
) -> None:
    where = f"WHERE table = '{indexed}'"
    replicas = "clusterAllReplicas('{cluster}', system.vector_indices)"
    assert server.rows(f"SELECT database, status FROM {replicas} {where}") == [
        (server.database, "Built")
    ]


def test_a_table_without_an_index_has_no_row_and_causes_no_error(
    server: Client, table: str
) -> None:
    assert server.rows(f"SELECT status FROM system.vector_indices WHERE table = '{table}'") == []


# ---------------------------------------------------------------- status


def test_an_empty_table_is_built_at_once(server: Client, name: str) -> None:
    """00015."""
    stuck(server)
    server.run(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE}")
    server.run(f"ALTER TABLE {name} {ADD}")
    assert counts(server, name) == (0, 0, 0, "Built")


def test_adding_an_index_returns_at_once_and_builds_in_the_background(
    server: Client, table: str
) -> None:
    server.standin.build_delay_s = 0.5
    server.run(f"ALTER TABLE {table} {ADD}")
    assert counts(server, table) == (1, 0, 0, "InProgress")
    time.sleep(0.6)
    assert counts(server, table) == (1, 1, 0, "Built")


def test_every_insert_sets_the_status_to_in_progress_again(server: Client, indexed: str) -> None:
    stuck(server)
    server.run(f"INSERT INTO {indexed} VALUES {MORE}")
    assert counts(server, indexed) == (2, 1, 0, "InProgress")


def test_a_failed_build_has_status_error_with_its_part_and_reason(
    server: Client, table: str
) -> None:
    server.standin.fail_next_build("Cannot allocate memory")
    server.run(f"ALTER TABLE {table} {ADD}")
    columns = "status, latest_failed_part, latest_fail_reason"
    found = server.rows(f"SELECT {columns} FROM system.vector_indices WHERE table = '{table}'")
    assert found == [("Error", "all_1_1_0", "Cannot allocate memory")]


def test_the_error_stays_until_its_part_is_built(server: Client, table: str) -> None:
    server.standin.fail_next_build("no space")
    server.run(f"ALTER TABLE {table} {ADD}")
    server.run(f"INSERT INTO {table} VALUES {MORE}")
    assert counts(server, table) == (2, 1, 0, "Error")
    server.run(f"ALTER TABLE {table} DROP VECTOR INDEX vi")
    server.run(f"ALTER TABLE {table} {ADD}")
    assert counts(server, table) == (2, 2, 0, "Built")


def test_small_parts_need_no_index(server: Client, name: str) -> None:
    stuck(server)
    settings = "SETTINGS min_rows_to_build_vector_index = 3"
    server.run(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE} {settings}")
    server.run(f"INSERT INTO {name} VALUES {MORE}")
    server.run(f"ALTER TABLE {name} {ADD}")
    assert counts(server, name) == (1, 0, 1, "Built")
    search = f"SELECT id FROM {name} ORDER BY distance(v, [0.0, 0, 1]) LIMIT 1"
    assert server.rows(search) == [(4,)]


def test_segments_show_the_state_of_every_part(server: Client, indexed: str) -> None:
    stuck(server)
    server.run(f"INSERT INTO {indexed} VALUES {MORE}")
    columns = "part, status, toInt32(total_vectors), dimension, progress"
    found = server.rows(
        f"SELECT {columns} FROM system.vector_index_segments "
        f"WHERE table = '{indexed}' ORDER BY part"
    )
    assert found == [("all_1_1_0", "BUILT", 3, 3, 100), ("all_2_2_0", "BUILDING", 2, 3, 0)]


# ---------------------------------------------------------------- build control


def test_builds_stop_and_start_again(server: Client, table: str) -> None:
    server.run(f"SYSTEM STOP BUILD VECTOR INDICES {table}")
    server.run(f"ALTER TABLE {table} {ADD}")
    server.run(f"SYSTEM STOP BUILD VECTOR INDICES {table}")
    server.run(f"INSERT INTO {table} VALUES {MORE}")
    assert counts(server, table)[3] == "InProgress"
    server.run(f"SYSTEM START BUILD VECTOR INDICES {table}")
    assert counts(server, table)[3] == "Built"


def test_waiting_ends_when_the_index_is_built(server: Client, table: str) -> None:
    """00025."""
    stuck(server)
    server.run(f"ALTER TABLE {table} {ADD}")
    release = threading.Timer(0.4, server.standin.clear_faults)
    release.start()
    server.run(f"SYSTEM WAIT BUILDING VECTOR INDICES {table}")
    assert counts(server, table)[3] == "Built"


def test_waiting_for_a_build_that_fails_raises_its_error(server: Client, table: str) -> None:
    """00019."""
    server.standin.fail_next_build("broken")
    server.run(f"ALTER TABLE {table} {ADD}")
    answer = server.error(f"SYSTEM WAIT BUILDING VECTOR INDICES {table}")
    assert "INVALID_VECTOR_INDEX" in answer.text
    assert "broken" in answer.text


# ---------------------------------------------------------------- what statements do to it


def test_a_merged_part_can_be_searched_while_its_index_builds(server: Client, indexed: str) -> None:
    """00037."""
    server.run(f"INSERT INTO {indexed} VALUES {MORE}")
    assert status(server, indexed) == "Built"
    stuck(server)
    server.run(f"OPTIMIZE TABLE {indexed} FINAL")
    assert counts(server, indexed) == (1, 0, 0, "InProgress")
    search = f"SELECT id FROM {indexed} ORDER BY distance(v, [0.0, 0, 1]) LIMIT 5"
    assert len(server.rows(search)) == 5


def test_a_part_merged_from_one_without_an_index_is_not_searched(
    server: Client, indexed: str
) -> None:
    stuck(server)
    server.run(f"INSERT INTO {indexed} VALUES {MORE}")
    server.run(f"OPTIMIZE TABLE {indexed} FINAL")
    search = f"SELECT id FROM {indexed} ORDER BY distance(v, [0.0, 0, 1]) LIMIT 5"
    assert server.rows(search) == []


def test_delete_from_keeps_the_index_and_hides_the_rows(server: Client, indexed: str) -> None:
    stuck(server)
    server.run(f"DELETE FROM {indexed} WHERE id IN (1, 3)")
    assert counts(server, indexed) == (1, 1, 0, "Built")
    search = f"SELECT id FROM {indexed} ORDER BY distance(v, [1.0, 0, 0]) LIMIT 5"
    assert server.rows(search) == [(2,)]


def test_alter_delete_is_refused_on_a_table_with_a_vector_index(
    server: Client, indexed: str
) -> None:
    assert server.error(f"ALTER TABLE {indexed} DELETE WHERE id = 1").code == 392


def test_the_vector_column_cannot_be_updated_dropped_or_renamed(
    server: Client, indexed: str
) -> None:
    update = f"ALTER TABLE {indexed} UPDATE v = [1, 1, 1] WHERE id = 1"
    assert server.error(update).code == 392
    assert server.error(f"ALTER TABLE {indexed} DROP COLUMN v").code == 524
    assert server.error(f"ALTER TABLE {indexed} RENAME COLUMN v TO w").code == 524


def test_dropping_the_index_stops_its_build(server: Client, table: str) -> None:
    stuck(server)
    server.run(f"ALTER TABLE {table} {ADD}")
    server.run(f"ALTER TABLE {table} DROP VECTOR INDEX vi")
    assert server.rows(f"SELECT 1 FROM system.vector_indices WHERE table = '{table}'") == []


def test_truncate_keeps_the_definition_and_an_empty_built_index(
    server: Client, indexed: str
) -> None:
    stuck(server)
    server.run(f"TRUNCATE TABLE {indexed}")
    assert counts(server, indexed) == (0, 0, 0, "Built")
    server.run(f"INSERT INTO {indexed} VALUES {MORE}")
    assert counts(server, indexed) == (1, 0, 0, "InProgress")


def test_create_table_as_a_table_copies_constraints_and_indexes(
    server: Client, indexed: str
) -> None:
    server.run(f"CREATE TABLE {indexed}_b AS {indexed} ENGINE = MergeTree() ORDER BY (id)")
    assert counts(server, f"{indexed}_b") == (0, 0, 0, "Built")
    assert server.error(f"INSERT INTO {indexed}_b VALUES (1, 'a', [1])").code == 469


def test_create_table_as_select_copies_neither_constraints_nor_indexes(
    server: Client, indexed: str
) -> None:
    for word in ("AS", "EMPTY AS"):
        name = f"{indexed}_{word[:2].lower()}"
        server.run(f"CREATE TABLE {name} {ENGINE} {word} SELECT * FROM {indexed}")
        assert server.rows(f"SELECT 1 FROM system.vector_indices WHERE table = '{name}'") == []
        server.run(f"INSERT INTO {name} VALUES (1, 'a', [1])")


def test_the_index_moves_with_its_table_in_exchange_and_rename(
    server: Client, indexed: str
) -> None:
    other = f"{indexed}_b"
    server.run(f"CREATE TABLE {other} ({COLUMNS}) {ENGINE}")
    stuck(server)
    server.run(f"EXCHANGE TABLES {indexed} AND {other}")
    assert counts(server, other) == (1, 1, 0, "Built")
    server.run(f"RENAME TABLE {other} TO {other}_c")
    assert counts(server, f"{other}_c") == (1, 1, 0, "Built")
    assert server.rows(f"SELECT 1 FROM system.vector_indices WHERE table = '{indexed}'") == []


def test_a_dropped_table_takes_its_index_with_it(server: Client, indexed: str) -> None:
    server.run(f"DROP TABLE {indexed}")
    server.run(f"CREATE TABLE {indexed} ({COLUMNS}) {ENGINE}")
    assert server.rows(f"SELECT 1 FROM system.vector_indices WHERE table = '{indexed}'") == []


def test_system_parts_shows_the_parts_after_optimize(server: Client, indexed: str) -> None:
    server.run(f"INSERT INTO {indexed} VALUES {MORE}")
    parts = f"SELECT count() FROM system.parts WHERE active AND table = '{indexed}'"
    assert server.post(parts).text == "2\n"
    server.run(f"OPTIMIZE TABLE {indexed} FINAL")
    assert server.post(parts).text == "1\n"
