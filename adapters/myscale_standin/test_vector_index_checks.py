"""What MyScale checks before it accepts an index, with the codes and texts of its errors."""

from __future__ import annotations

import pytest

from .client import Client
from .conftest import COLUMNS, ENGINE

ADD = "ADD VECTOR INDEX vi v TYPE"


def create(client: Client, name: str, columns: str) -> None:
    client.run(f"CREATE TABLE {name} ({columns}) {ENGINE}")


# ---------------------------------------------------------------- the constraint


def test_an_inline_index_on_a_table_without_constraints_is_refused(
    server: Client, name: str
) -> None:
    columns = "id UInt32, v Array(Float32), VECTOR INDEX vi v TYPE SCANN"
    answer = server.error(f"CREATE TABLE {name} ({columns}) {ENGINE}")
    assert answer.code == 80
    assert (
        "Cannot create table with column 'v' which type is 'Array(Float32)' because" in answer.text
    )


def test_an_inline_index_on_a_column_without_length_has_dimension_0(
    server: Client, name: str
) -> None:
    columns = "id UInt32, v Array(Float32), CONSTRAINT c CHECK id > 0, VECTOR INDEX vi v TYPE SCANN"
    answer = server.error(f"CREATE TABLE {name} ({columns}) {ENGINE}")
    assert answer.code == 80
    assert "A vector index cannot be built on a vector with a dimension of 0." in answer.text


def test_adding_an_index_needs_a_length_constraint(server: Client, name: str) -> None:
    create(server, name, "id UInt32, v Array(Float32)")
    answer = server.error(f"ALTER TABLE {name} {ADD} SCANN")
    assert answer.code == 44
    assert "Cannot add FloatVector index vi: column has no length constraint" in answer.text


@pytest.mark.parametrize("check", ["length(v) = 3", "(length(v) = 3)", "((length(`v`)=3))"])
def test_the_constraint_is_length_of_the_column_equals_a_number(
    server: Client, name: str, check: str
) -> None:
    create(server, name, f"id UInt32, v Array(Float32), CONSTRAINT c CHECK {check}")
    server.run(f"ALTER TABLE {name} {ADD} SCANN")


@pytest.mark.parametrize(
    "constraint",
    [
        "CHECK 3 = length(v)",
        "CHECK length(v) = 3 AND id > 0",
        "CHECK length(v) = 1 + 2",
        "CHECK length(v) <= 3",
        "CHECK length(w) = 3",
        "CHECK NOT empty(v)",
        "ASSUME length(v) = 3",
    ],
)
def test_no_other_constraint_counts(server: Client, name: str, constraint: str) -> None:
    columns = f"id UInt32, v Array(Float32), w Array(Float32), CONSTRAINT c {constraint}"
    create(server, name, columns)
    assert server.error(f"ALTER TABLE {name} {ADD} SCANN").code == 44


def test_a_constraint_may_be_added_later_and_does_not_check_existing_rows(
    server: Client, name: str
) -> None:
    create(server, name, "id UInt32, v Array(Float32)")
    server.run(f"INSERT INTO {name} VALUES (1, [1, 2])")
    server.run(f"ALTER TABLE {name} ADD CONSTRAINT size CHECK length(v) = 3")
    server.run(f"ALTER TABLE {name} {ADD} SCANN")


def test_a_vector_of_another_length_violates_the_constraint(server: Client, indexed: str) -> None:
    answer = server.error(f"INSERT INTO {indexed} VALUES (9, 'x', [1, 2])")
    assert answer.code == 469
    assert "is violated at row 1. Expression: (length(v) = 3). Column values: v = [1., 2.]" in (
        answer.text
    )


# ---------------------------------------------------------------- the column


@pytest.mark.parametrize("element", ["Float64", "Nullable(Float32)", "UInt8"])
def test_the_elements_must_be_float32(server: Client, name: str, element: str) -> None:
    """00034."""
    create(server, name, f"id UInt32, v Array({element}), CONSTRAINT c CHECK length(v) = 3")
    answer = server.error(f"ALTER TABLE {name} {ADD} SCANN")
    assert answer.code == 117
    assert "The element type inside the array must be `Float32`" in answer.text


def test_columns_of_other_types_cannot_have_a_vector_index(server: Client, table: str) -> None:
    answer = server.error(f"ALTER TABLE {table} ADD VECTOR INDEX vi kind TYPE SCANN")
    assert answer.code == 117
    assert "Vector search can be used with `Array(Float32)` or `FixedString` column" in answer.text


def test_a_missing_column_is_named(server: Client, table: str) -> None:
    answer = server.error(f"ALTER TABLE {table} ADD VECTOR INDEX vi nope TYPE SCANN")
    assert answer.code == 44
    assert "Cannot add vector index vi: column nope does not exist" in answer.text


def test_a_fixed_string_needs_no_constraint(server: Client, name: str) -> None:
    create(server, name, "id UInt32, v FixedString(8)")
    server.run(f"ALTER TABLE {name} {ADD} BINARYIVF('metric_type=Hamming')")


def test_only_mergetree_tables_can_have_a_vector_index(server: Client, name: str) -> None:
    server.run(f"CREATE TABLE {name} ({COLUMNS}) ENGINE = Log")
    assert server.error(f"ALTER TABLE {name} {ADD} SCANN").code == 48


# ---------------------------------------------------------------- names and duplicates


def test_a_used_name_is_refused(server: Client, indexed: str) -> None:
    answer = server.error(f"ALTER TABLE {indexed} {ADD} FLAT")
    assert answer.code == 36
    assert "Cannot add vector index vi: this name is used" in answer.text


def test_a_used_name_inside_create_table_is_another_error(server: Client, name: str) -> None:
    """00037, 00042_create_index_syntax_check."""
    indexes = "VECTOR INDEX vi v TYPE FLAT, VECTOR INDEX vi v TYPE FLAT"
    answer = server.error(f"CREATE TABLE {name} ({COLUMNS}, {indexes}) {ENGINE}")
    assert answer.code == 49
    assert "Vector index with name `vi` already exists" in answer.text


def test_a_second_index_on_the_same_column_is_refused(server: Client, indexed: str) -> None:
    answer = server.error(f"ALTER TABLE {indexed} ADD VECTOR INDEX vj v TYPE FLAT")
    assert answer.code == 44
    assert "Cannot add vector index vj: this column already has a vector index" in answer.text


def test_two_indexes_on_one_column_inside_create_table_are_not_implemented(
    server: Client, name: str
) -> None:
    """00037."""
    indexes = "VECTOR INDEX vi v TYPE FLAT, VECTOR INDEX vj v TYPE FLAT"
    assert server.error(f"CREATE TABLE {name} ({COLUMNS}, {indexes}) {ENGINE}").code == 48


def test_a_second_index_on_another_column_is_refused_in_generation_1_only(
    old: Client, new: Client, name: str
) -> None:
    """00037_disallow."""
    columns = f"{COLUMNS}, w Array(Float32), CONSTRAINT more CHECK length(w) = 2"
    for client in (old, new):
        create(client, name, columns)
        client.run(f"ALTER TABLE {name} {ADD} SCANN")
    second = f"ALTER TABLE {name} ADD VECTOR INDEX vj w TYPE SCANN"
    answer = old.error(second)
    assert "one of the other columns already has a vector index definition" in answer.text
    new.run(second)


def test_if_not_exists_silently_ignores_a_changed_definition(server: Client, indexed: str) -> None:
    server.run(f"CREATE VECTOR INDEX IF NOT EXISTS vi ON {indexed} v TYPE FLAT")
    server.run(f"ALTER TABLE {indexed} ADD VECTOR INDEX IF NOT EXISTS vj v TYPE FLAT")
    found = server.rows(f"SELECT name, type FROM system.vector_indices WHERE table = '{indexed}'")
    assert found == [("vi", "SCANN")]


# ---------------------------------------------------------------- types and parameters


def test_only_the_cloud_has_mstg(server: Client, cloud: Client, table: str) -> None:
    answer = server.error(f"ALTER TABLE {table} {ADD} MSTG('metric_type=Cosine')")
    assert (answer.status, answer.code) == (500, 1001)
    assert answer.text.startswith(
        "std::exception. Code: 1001, type: SearchIndexException, e.what() = "
        "Error(BAD_ARGUMENTS): Unknown index type for Float32 Vector: MSTG (version 2"
    )
    create(cloud, f"{table}_c", COLUMNS)
    cloud.run(f"ALTER TABLE {table}_c {ADD} MSTG('metric_type=Cosine')")


def test_an_unknown_type_is_error_1001(server: Client, table: str) -> None:
    answer = server.error(f"ALTER TABLE {table} {ADD} vector_similarity")
    assert answer.code == 1001
    assert "Unknown index type for Float32 Vector: vector_similarity" in answer.text


def test_float_types_are_refused_on_binary_columns_and_binary_types_on_float_columns(
    server: Client, table: str, name: str
) -> None:
    create(server, f"{name}_b", "id UInt32, v FixedString(8)")
    answer = server.error(f"ALTER TABLE {name}_b {ADD} SCANN")
    assert answer.code == 1001
    assert "Unknown index type for Binary Vector: SCANN" in answer.text
    assert server.error(f"ALTER TABLE {table} {ADD} BINARYFLAT").code == 1001


def test_an_unknown_parameter_lists_the_valid_ones(cloud: Client, name: str) -> None:
    """00034."""
    create(cloud, name, COLUMNS)
    answer = cloud.error(f"ALTER TABLE {name} {ADD} MSTG('x=1')")
    assert answer.code == 36
    assert "MSTG doesn't support index parameter: `x`, valid parameters is [" in answer.text


@pytest.mark.parametrize(
    ("index", "text"),
    [
        ("HNSWFLAT('m=200')", "HNSWFLAT parameter `m` range needs to be 8~128."),
        ("HNSWFLAT('ef_c=8')", "HNSWFLAT parameter `ef_c` range needs to be 16~1024."),
        ("IVFFLAT('ncentroids=0')", "`ncentroids` range needs to be 1~1048576."),
        (
            "IVFPQ('ncentroids=3.9')",
            "expects an integer value for parameter: `ncentroids`, but got",
        ),
        ("IVFPQ('M=2')", "`M`"),
        ("IVFSQ('bit_size=8BIT')", "`bit_size` should be one of"),
        ("HNSWFLAT('M=16')", "HNSWFLAT doesn't support index parameter: `M`"),
        ("SCANN('metric_type=Dot')", "`metric_type` should be one of [L2, COSINE, IP]"),
        ("SCANN('metric_type')", "Key-value String parameter to vector index has only one `=` "),
        ("SCANN('a=b=c')", "Key-value String parameter to vector index has only one `=` "),
        ("SCANN(metric_type)", "All parameters to vector index must be String"),
    ],
)
def test_parameters_are_checked(server: Client, table: str, index: str, text: str) -> None:
    """00034, and MYSCALE_VALID_INDEX_PARAMETER."""
    answer = server.error(f"ALTER TABLE {table} {ADD} {index}")
    assert answer.code == 36
    assert text in answer.text


@pytest.mark.parametrize(
    "index", ["scann('metric_type=cosine')", "HnswFlat('metric_type=ip', 'm = 16')", "FLAT"]
)
def test_types_and_metrics_may_be_written_in_any_case(
    server: Client, table: str, index: str
) -> None:
    server.run(f"ALTER TABLE {table} {ADD} {index}")


def test_an_index_accepts_search_parameters_in_generation_1_only(
    old: Client, new: Client, name: str
) -> None:
    for client in (old, new):
        create(client, name, COLUMNS)
    statement = f"ALTER TABLE {name} {ADD} HNSWFLAT('ef_s=64')"
    old.run(statement)
    assert new.error(statement).code == 36


def test_without_the_parameter_check_a_bad_parameter_fails_the_build(
    server: Client, name: str
) -> None:
    """00019."""
    server.run(
        f"CREATE TABLE {name} ({COLUMNS}) {ENGINE} SETTINGS vector_index_parameter_check = 0"
    )
    server.run(f"INSERT INTO {name} VALUES (1, 'a', [1, 2, 3])")
    server.run(f"ALTER TABLE {name} {ADD} HNSWFLAT('m=200')")
    found = server.rows(
        f"SELECT status, latest_fail_reason FROM system.vector_indices WHERE table = '{name}'"
    )
    assert found == [("Error", "HNSWFLAT parameter `m` range needs to be 8~128.")]
