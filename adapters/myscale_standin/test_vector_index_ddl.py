"""The grammar of vector index DDL, as ParserCreateIndexQuery and ParserAlterQuery define it."""

from __future__ import annotations

import pytest

from .client import Client
from .conftest import COLUMNS, ENGINE

INDEX = "TYPE SCANN('metric_type=Cosine')"


def described(client: Client, table: str) -> list[tuple[object, ...]]:
    return client.rows(
        f"SELECT name, type, expr FROM system.vector_indices WHERE table = '{table}'"
    )


def test_alter_table_adds_an_index(server: Client, table: str) -> None:
    server.run(f"ALTER TABLE {table} ADD VECTOR INDEX vi v {INDEX}")
    expr = "vi v TYPE SCANN('metric_type=Cosine')"
    assert described(server, table) == [("vi", "SCANN", expr)]


def test_create_vector_index_is_the_standard_form(server: Client, table: str) -> None:
    server.run(f"CREATE VECTOR INDEX vi ON {server.database}.{table} v {INDEX}")
    assert described(server, table)[0][0] == "vi"


def test_an_index_may_be_anywhere_in_the_column_list(server: Client, name: str) -> None:
    """00041, 00042_create_index_syntax_check."""
    start, rest = COLUMNS.split(", ", 1)
    server.run(f"CREATE TABLE {name} ({start}, VECTOR INDEX vi v {INDEX}, {rest}) {ENGINE}")
    assert described(server, name)[0][0] == "vi"


def test_type_and_parameters_are_echoed_as_they_were_typed(server: Client, table: str) -> None:
    server.run(f"ALTER TABLE {table} ADD VECTOR INDEX vi v TYPE scann('metric_type = cosine')")
    assert described(server, table) == [("vi", "scann", "vi v TYPE scann('metric_type = cosine')")]


def test_parameters_may_be_one_json_object(server: Client, table: str) -> None:
    server.run(
        f"""ALTER TABLE {table} ADD VECTOR INDEX vi v TYPE SCANN('{{"metric_type":"IP"}}')"""
    )
    assert server.error(f"SELECT id, distance(v, [1.0, 0, 0]) d FROM {table} ORDER BY d LIMIT 1")


def test_the_column_of_an_index_is_written_without_brackets(server: Client, table: str) -> None:
    assert server.error(f"ALTER TABLE {table} ADD VECTOR INDEX vi (v) {INDEX}").code == 62
    assert server.error(f"CREATE VECTOR INDEX vi ON {table} (v) {INDEX}").code == 62


def test_granularity_is_not_part_of_the_grammar(server: Client, table: str) -> None:
    assert (
        server.error(f"ALTER TABLE {table} ADD VECTOR INDEX vi v {INDEX} GRANULARITY 1").code == 62
    )


@pytest.mark.parametrize("other", ["ADD COLUMN x UInt8", "ADD VECTOR INDEX vj v TYPE FLAT"])
def test_an_alter_has_one_vector_index_command_and_nothing_else(
    server: Client, table: str, other: str
) -> None:
    command = f"ADD VECTOR INDEX vi v {INDEX}"
    assert server.error(f"ALTER TABLE {table} {command}, {other}").code == 62
    assert server.error(f"ALTER TABLE {table} {other}, {command}").code == 62
    assert described(server, table) == []


def test_there_is_no_rebuild_statement(server: Client, indexed: str) -> None:
    assert server.error(f"ALTER TABLE {indexed} REBUILD VECTOR INDEX vi").code == 62


def test_an_index_without_the_word_vector_is_of_unknown_type(server: Client, name: str) -> None:
    """00042_create_index_syntax_check."""
    answer = server.error(f"CREATE TABLE {name} ({COLUMNS}, INDEX vi v TYPE mstg) {ENGINE}")
    assert answer.code == 80
    assert "Unknown Index type 'mstg'. Available index types: " in answer.text


def test_generation_1_requires_a_type(old: Client, name: str) -> None:
    old.run(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE}")
    assert old.error(f"ALTER TABLE {name} ADD VECTOR INDEX vi v").code == 62


def test_without_a_type_generation_2_takes_the_default_of_its_edition(
    new: Client, name: str
) -> None:
    """00042_create_index_syntax_check."""
    new.run(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE}")
    new.run(f"ALTER TABLE {name} ADD VECTOR INDEX vi v")
    assert described(new, name)[0][1] == "SCANN"


def test_type_default_is_scann_in_open_source_and_mstg_in_the_cloud(
    server: Client, cloud: Client, table: str
) -> None:
    server.run(f"ALTER TABLE {table} ADD VECTOR INDEX vi v TYPE DEFAULT('metric_type=IP')")
    assert described(server, table)[0][1] == "SCANN"
    cloud.run(f"CREATE TABLE IF NOT EXISTS {table} ({COLUMNS}) {ENGINE}")
    cloud.run(f"ALTER TABLE {table} ADD VECTOR INDEX IF NOT EXISTS vi v TYPE DEFAULT")
    assert described(cloud, table)[0][1] == "MSTG"


def test_an_index_is_dropped_in_both_forms(server: Client, indexed: str) -> None:
    server.run(f"ALTER TABLE {indexed} DROP VECTOR INDEX vi")
    server.run(f"CREATE VECTOR INDEX vi ON {indexed} v {INDEX}")
    server.run(f"DROP VECTOR INDEX vi ON {indexed}")
    assert described(server, indexed) == []


def test_dropping_an_unknown_index_is_an_error_unless_if_exists(server: Client, table: str) -> None:
    text = "Wrong vector index name. Cannot find vector index `vi` to drop"
    for form in (f"ALTER TABLE {table} DROP VECTOR INDEX vi", f"DROP VECTOR INDEX vi ON {table}"):
        answer = server.error(form)
        assert answer.code == 36
        assert text in answer.text
        server.run(form.replace("VECTOR INDEX", "VECTOR INDEX IF EXISTS"))


def test_on_cluster_is_part_of_the_grammar(server: Client, table: str) -> None:
    server.run(f"ALTER TABLE {table} ON CLUSTER '{{cluster}}' ADD VECTOR INDEX vi v {INDEX}")
    server.run(f"DROP VECTOR INDEX vi ON {table} ON CLUSTER c")


def test_the_cluster_standin_is_this_one_server(new: Client, name: str) -> None:
    new.run(f'CREATE TABLE {name} ON CLUSTER "standin" ({COLUMNS}) {ENGINE}')
    new.run(f"ALTER TABLE {name} ON CLUSTER standin ADD VECTOR INDEX vi v TYPE SCANN")
    found = f"FROM clusterAllReplicas('standin', system.vector_indices) WHERE table = '{name}'"
    assert new.rows(f"SELECT name {found}") == [("vi",)]
    assert new.error(f"DROP TABLE {name} ON CLUSTER another").code


def test_show_create_table_prints_the_index_in_the_column_list(
    server: Client, indexed: str
) -> None:
    shown = server.post(f"SHOW CREATE TABLE {indexed} FORMAT TabSeparatedRaw").text
    clause = "VECTOR INDEX vi v TYPE SCANN('metric_type=Cosine')\n)\nENGINE = MergeTree"
    assert clause in shown


def test_cloud_users_may_not_run_system_statements_about_builds(
    server: Client, cloud: Client, indexed: str, name: str
) -> None:
    for statement in ("STOP BUILD", "START BUILD", "WAIT BUILDING"):
        server.run(f"SYSTEM {statement} VECTOR INDICES {indexed}")
        answer = cloud.error(f"SYSTEM {statement} VECTOR INDICES {name}")
        assert answer.code == 497
