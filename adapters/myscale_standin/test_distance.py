"""distance() and batch_distance(): forms, values, rules of the clauses, and unindexed parts."""

from __future__ import annotations

import math

import pytest

from .client import Client
from .conftest import COLUMNS, ENGINE, ROWS

MORE = "(4, 'b', [0, 0, 1]), (5, 'b', [0, 1, 1])"
Q = "[1.0, 0, 0]"


def with_metric(client: Client, name: str, metric: str) -> str:
    """The three vectors of the tests with an index of this metric."""
    client.run(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE}")
    client.run(f"INSERT INTO {name} VALUES {ROWS}")
    client.run(f"ALTER TABLE {name} ADD VECTOR INDEX vi v TYPE SCANN('metric_type={metric}')")
    return name


# ---------------------------------------------------------------- forms


def test_distance_cannot_be_called_outside_a_search(server: Client) -> None:
    assert server.error("SELECT distance([1.0], [1.0])").code == 46


def test_names_are_case_insensitive(server: Client, indexed: str) -> None:
    assert server.rows(f"SELECT id FROM {indexed} ORDER BY Distance(v, {Q}) LIMIT 1") == [(1,)]


def test_distance_takes_two_arguments(server: Client, indexed: str) -> None:
    answer = server.error(f"SELECT distance(v) AS d FROM {indexed} ORDER BY d LIMIT 1")
    assert answer.code == 36
    assert "wrong argument number in distance function: 1, expected 2" in answer.text


def test_the_first_argument_is_a_column(server: Client, indexed: str) -> None:
    search = f"SELECT distance(arrayMap(x -> x, v), {Q}) AS d FROM {indexed} ORDER BY d LIMIT 1"
    assert server.error(search).code == 36


def test_search_parameters_are_in_a_separate_bracket(server: Client, indexed: str) -> None:
    search = f"SELECT id, distance('alpha=3')(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT 1"
    assert server.rows(search) == [(1, 0)]


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("alpha=5", "Value for parameter `alpha` range needs to be 1~4"),
        ("nprobe=8", "Unsupported vector search argument"),
        ("topK=10", "Unsupported vector search argument"),
    ],
)
def test_search_parameters_are_those_of_the_index_type(
    server: Client, indexed: str, parameter: str, text: str
) -> None:
    search = f"SELECT distance('{parameter}')(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT 1"
    answer = server.error(search)
    assert answer.code == 36
    assert text in answer.text


# ---------------------------------------------------------------- values and directions


def test_l2_is_squared(server: Client, name: str) -> None:
    """00027."""
    with_metric(server, name, "L2")
    search = f"SELECT id, distance(v, [0.0, 0, 0]) AS d FROM {name} ORDER BY d LIMIT 3"
    assert server.rows(search) == [(1, 1), (2, 4), (3, 25)]


def test_cosine_is_one_minus_the_cosine(server: Client, indexed: str) -> None:
    """00014."""
    search = f"SELECT id, distance(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT 3"
    found = server.rows(search)
    assert [row[0] for row in found] == [1, 3, 2]
    assert [row[1] for row in found] == pytest.approx([0, 0.4, 1], abs=1e-6)


def test_ip_is_the_raw_product_in_descending_order(server: Client, name: str) -> None:
    """00027."""
    with_metric(server, name, "IP")
    search = f"SELECT id, distance(v, [1.0, 1, 0]) AS d FROM {name} ORDER BY d DESC LIMIT 2"
    assert server.rows(search) == [(3, 7), (2, 2)]


def test_distances_are_float32(server: Client, indexed: str) -> None:
    search = f"SELECT toTypeName(distance(v, {Q})) FROM {indexed} ORDER BY distance(v, {Q}) LIMIT 1"
    assert server.rows(search) == [("Float32",)]


@pytest.mark.parametrize(("metric", "wrong"), [("L2", "DESC"), ("Cosine", "DESC"), ("IP", "ASC")])
def test_the_direction_follows_the_metric(
    server: Client, name: str, metric: str, wrong: str
) -> None:
    with_metric(server, name, metric)
    right = "ASC" if wrong == "DESC" else "DESC"
    search = f"SELECT id, distance(v, {Q}) AS d FROM {name} ORDER BY d"
    answer = server.error(f"{search} {wrong} LIMIT 1")
    assert answer.code == 62
    assert f"should be ordered by `{right}` when the metric type is" in answer.text
    assert len(server.rows(f"{search} {right} LIMIT 1")) == 1


def test_batch_distance_numbers_its_queries_from_0(server: Client, indexed: str) -> None:
    search = (
        f"SELECT id, batch_distance(v, [{Q}, [0.0, 1, 0]]) AS d FROM {indexed} "
        "ORDER BY d.1, d.2 LIMIT 1 BY d.1"
    )
    assert server.rows(search) == [(1, (0, 0)), (2, (1, 0))]


def test_batch_distance_needs_limit_by(server: Client, indexed: str) -> None:
    search = f"SELECT id, batch_distance(v, [{Q}]) AS d FROM {indexed} ORDER BY d.1, d.2 LIMIT 1"
    answer = server.error(search)
    assert answer.code == 62
    assert "without LIMIT N BY clause" in answer.text


# ---------------------------------------------------------------- clauses


def test_order_by_the_distance_is_required_in_generation_1_only(
    old: Client, new: Client, name: str
) -> None:
    for client in (old, new):
        with_metric(client, name, "Cosine")
    unordered = f"SELECT id, distance(v, {Q}) AS d FROM {name} LIMIT 1"
    answer = old.error(unordered)
    assert answer.code == 62
    assert "Not support distance function without ORDER BY clause" in answer.text
    assert old.error(f"SELECT id, distance(v, {Q}) AS d FROM {name} ORDER BY id LIMIT 1").code == 62
    assert new.rows(unordered) == [(1, 0)]


@pytest.mark.parametrize("limit", ["", "LIMIT 0", "LIMIT 1 BY kind"])
def test_limit_is_required(server: Client, indexed: str, limit: str) -> None:
    answer = server.error(f"SELECT id, distance(v, {Q}) AS d FROM {indexed} ORDER BY d {limit}")
    assert answer.code == 62
    assert "Not support distance function without LIMIT N clause" in answer.text


def test_limit_is_a_constant_expression(server: Client, indexed: str) -> None:
    search = f"SELECT id, distance(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT "
    assert len(server.rows(search + "1 + 1")) == 2
    assert len(server.rows(search + "{k:UInt8}", param_k=2)) == 2


def test_limit_and_offset_together_are_the_number_of_candidates(
    server: Client, indexed: str
) -> None:
    search = f"SELECT id, distance(v, {Q}) AS d FROM {indexed} ORDER BY d"
    assert [row[0] for row in server.rows(f"{search} LIMIT 1 OFFSET 1")] == [3]
    assert [row[0] for row in server.rows(f"{search} LIMIT 2, 1")] == [2]


def test_two_different_searches_in_one_select_are_refused(server: Client, indexed: str) -> None:
    both = f"distance(v, {Q}) AS d, distance(v, [0.0, 1, 0]) AS e"
    answer = server.error(f"SELECT {both} FROM {indexed} ORDER BY d LIMIT 1")
    assert answer.code in (62, 48)
    assert "Not support more than one function among vector scan" in answer.text


def test_the_same_search_in_select_and_order_by_counts_once(server: Client, indexed: str) -> None:
    search = f"SELECT id, distance(v, {Q}) FROM {indexed} ORDER BY DISTANCE(v,{Q}) LIMIT 1"
    assert server.rows(search) == [(1, 0)]


def test_where_and_prewhere_filter_before_the_nearest_rows_are_taken(
    server: Client, indexed: str
) -> None:
    for word in ("WHERE", "PREWHERE"):
        search = f"SELECT id FROM {indexed} {word} kind = 'b' ORDER BY distance(v, {Q}) LIMIT 1"
        assert server.rows(search) == [(2,)]


def test_a_condition_on_an_alias_also_filters_before_the_nearest_rows_are_taken(
    server: Client, indexed: str
) -> None:
    search = f"SELECT upper(kind) AS big, id FROM {indexed} WHERE big = 'B' AND id BETWEEN 1 AND 9 "
    assert server.rows(search + f"ORDER BY distance(v, {Q}) LIMIT 1") == [("B", 2)]


def test_a_condition_on_the_distance_filters_after_the_nearest_rows_are_taken(
    server: Client, indexed: str
) -> None:
    search = f"SELECT id, distance(v, {Q}) AS d FROM {indexed} WHERE d > 0.1 ORDER BY d LIMIT 2"
    assert [row[0] for row in server.rows(search)] == [3]


def test_an_outer_query_sees_only_the_nearest_rows(server: Client, indexed: str) -> None:
    search = f"SELECT id, distance(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT 2"
    assert server.rows(f"SELECT id FROM ({search}) WHERE id != 1") == [(3,)]


def test_aggregates_over_the_distance_are_refused_in_the_select_of_the_search(
    server: Client, indexed: str
) -> None:
    search = f"SELECT max(distance(v, {Q})) FROM {indexed} ORDER BY distance(v, {Q}) LIMIT 1"
    assert server.error(search).code == 62
    inner = f"SELECT distance(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT 3"
    assert server.rows(f"SELECT max(d) FROM ({inner})") == [(1,)]


def test_group_by_in_a_search_is_refused_in_generation_1_only(
    old: Client, new: Client, name: str
) -> None:
    """00028."""
    for client in (old, new):
        with_metric(client, name, "Cosine")
    search = f"SELECT id, distance(v, {Q}) AS d FROM {name} GROUP BY id, d ORDER BY d LIMIT 2"
    assert old.error(search).code == 62
    assert [row[0] for row in new.rows(search)] == [1, 3]


def test_a_column_must_not_have_the_name_of_the_distance(server: Client, indexed: str) -> None:
    answer = server.error(f"SELECT distance(v, {Q}) AS kind FROM {indexed} ORDER BY kind LIMIT 1")
    assert answer.code == 62
    assert "Not support search function on table with column name 'kind'" in answer.text


# ---------------------------------------------------------------- where a search may stand


def test_a_search_works_in_a_cte_a_join_a_union_and_an_in(server: Client, indexed: str) -> None:
    """00025, 00026, 00028."""
    search = f"SELECT id, distance(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT 1"
    ids = f"SELECT id FROM {indexed} ORDER BY distance(v, {Q}) LIMIT 1"
    assert server.rows(f"WITH near AS ({search}) SELECT id FROM near") == [(1,)]
    joined = f"SELECT t.kind FROM ({search}) AS n INNER JOIN {indexed} AS t ON t.id = n.id"
    assert server.rows(joined) == [("a",)]
    assert server.rows(f"SELECT * FROM ({ids}) UNION ALL SELECT * FROM ({ids})") == [(1,), (1,)]
    assert server.rows(f"SELECT kind FROM {indexed} WHERE id IN ({ids})") == [("a",)]


def test_a_search_works_with_a_joined_table(server: Client, indexed: str) -> None:
    """00026."""
    other = "(SELECT 1 AS id, 'one' AS word) AS w"
    search = (
        f"SELECT t.id, w.word, distance(t.v, {Q}) AS d FROM {indexed} AS t LEFT JOIN {other} "
        "ON w.id = t.id ORDER BY d LIMIT 2"
    )
    assert [row[:2] for row in server.rows(search)] == [(1, "one"), (3, "")]


def test_a_search_works_over_a_subquery_that_filters(server: Client, indexed: str) -> None:
    """00028."""
    source = f"(SELECT id, v FROM {indexed} WHERE kind = 'a')"
    search = f"SELECT id, distance(v, {Q}) AS d FROM {source} ORDER BY d LIMIT 5"
    assert [row[0] for row in server.rows(search)] == [1, 3]


def test_the_metric_of_the_index_is_not_used_over_a_subquery(server: Client, name: str) -> None:
    with_metric(server, name, "IP")
    source = f"(SELECT id, v FROM {name})"
    search = f"SELECT id, distance(v, {Q}) AS d FROM {source} ORDER BY d DESC LIMIT 1"
    assert "when the metric type is L2" in server.error(search).text


def test_a_search_through_a_view_or_a_cte_of_the_table_is_refused(
    server: Client, indexed: str
) -> None:
    server.run(f"CREATE VIEW {indexed}_v AS SELECT * FROM {indexed}")
    search = f"SELECT id, distance(v, {Q}) AS d FROM %s ORDER BY d LIMIT 1"
    assert server.error(search % f"{indexed}_v").code == 48
    assert server.error(f"WITH t AS (SELECT * FROM {indexed}) {search % 't'}").code == 48


def test_a_search_works_inside_insert_select_and_create_table_as_select(
    server: Client, indexed: str
) -> None:
    search = f"SELECT id, distance(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT 2"
    near = f"{indexed}_near"
    server.run(f"CREATE TABLE {near} {ENGINE} AS {search}")
    server.run(f"INSERT INTO {near} {search}")
    assert server.post(f"SELECT count() FROM {near}").text == "4\n"


def test_a_search_in_a_subquery_with_limit_0_keeps_its_own_limit(
    server: Client, indexed: str
) -> None:
    search = f"SELECT id, distance(v, {Q}) AS d FROM {indexed} ORDER BY d LIMIT 2"
    assert server.rows(f"SELECT * FROM ({search}) LIMIT 0") == []


def test_a_search_works_with_final_on_a_replacing_table(server: Client, name: str) -> None:
    server.run(f"CREATE TABLE {name} ({COLUMNS}) ENGINE = ReplacingMergeTree ORDER BY id")
    server.run(f"INSERT INTO {name} VALUES (1, 'old', [1, 0, 0])")
    server.run(f"INSERT INTO {name} VALUES (1, 'new', [0, 1, 0])")
    server.run(f"ALTER TABLE {name} ADD VECTOR INDEX vi v TYPE SCANN")
    search = f"SELECT kind, distance(v, {Q}) AS d FROM {name} FINAL ORDER BY d LIMIT 5"
    assert server.rows(search) == [("new", 2)]


def test_other_uses_of_the_word_distance_are_unchanged(server: Client, name: str) -> None:
    server.run(f"CREATE TABLE distances{name} (id UInt32, distance Float32) {ENGINE}")
    server.run(f"INSERT INTO distances{name} (id, distance) SELECT 1, 2 AS distance")
    assert server.rows(f"SELECT distance FROM distances{name} -- distance(v, q)") == [(2,)]
    assert server.rows("SELECT 'distance(v, q)'") == [("distance(v, q)",)]


# ---------------------------------------------------------------- the query vector


@pytest.mark.parametrize(
    "vector",
    [
        "[1.0, 0, 0]",
        "CAST([1, 0, 0] AS Array(Float32))",
        "CAST([1, 0, 0] AS Array(Float64))",
        "(SELECT v FROM {t} WHERE id = 1)",
    ],
)
def test_the_query_vector_is_a_constant_of_floats(
    server: Client, indexed: str, vector: str
) -> None:
    """00025."""
    vector = vector.replace("{t}", indexed)
    search = f"SELECT id, distance(v, {vector}) AS d FROM {indexed} ORDER BY d LIMIT 1"
    assert server.rows(search) == [(1, 0)]


def test_the_query_vector_may_come_from_a_with_clause_or_a_parameter(
    server: Client, indexed: str
) -> None:
    """00025."""
    search = f"SELECT id, distance(v, q) AS d FROM {indexed} ORDER BY d LIMIT 1"
    assert server.rows(f"WITH (SELECT v FROM {indexed} WHERE id = 1) AS q {search}") == [(1, 0)]
    by_parameter = search.replace("q)", "{q:Array(Float32)})")
    assert server.rows(by_parameter, param_q="[1,0,0]") == [(1, 0)]


def test_a_query_vector_of_integers_is_refused(server: Client, indexed: str) -> None:
    answer = server.error(f"SELECT distance(v, [1, 0, 0]) AS d FROM {indexed} ORDER BY d LIMIT 1")
    assert answer.code == 49
    assert "Wrong query column type, expect Float32 or Float64 inside Array() in distance" in (
        answer.text
    )


def test_the_query_vector_has_the_dimension_of_the_column(server: Client, indexed: str) -> None:
    answer = server.error(f"SELECT distance(v, [1.0, 0]) AS d FROM {indexed} ORDER BY d LIMIT 1")
    assert answer.code == 49
    assert "Dimension is not equal: query: 2 vs search column: 3" in answer.text


def test_the_query_vector_is_not_a_column(server: Client, indexed: str) -> None:
    search = f"SELECT id, distance(v, v) AS d FROM {indexed} ORDER BY d LIMIT 1"
    assert server.error(search).code == 47


# ---------------------------------------------------------------- without an index


def test_parts_without_an_index_return_no_rows_and_no_error(server: Client, indexed: str) -> None:
    """00038."""
    server.standin.build_delay_s = math.inf
    server.run(f"INSERT INTO {indexed} VALUES {MORE}")
    search = f"SELECT id FROM {indexed} ORDER BY distance(v, [0.0, 0, 1]) LIMIT 9"
    assert {row[0] for row in server.rows(search)} == {1, 2, 3}
    everything = server.rows(search, enable_brute_force_vector_search=1)
    assert {row[0] for row in everything} == {1, 2, 3, 4, 5}


def test_a_table_without_an_index_returns_nothing_or_measures_by_squared_l2(
    server: Client, table: str
) -> None:
    """00038."""
    search = f"SELECT id, distance(v, [0.0, 0, 0]) AS d FROM {table} ORDER BY d LIMIT 2"
    assert server.rows(search) == []
    assert server.rows(f"{search} SETTINGS enable_brute_force_vector_search = 1") == [
        (1, 1),
        (2, 4),
    ]


def test_brute_force_uses_the_metric_of_the_table_setting(server: Client, name: str) -> None:
    settings = "SETTINGS float_vector_search_metric_type = 'Cosine'"
    server.run(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE} {settings}")
    server.run(f"INSERT INTO {name} VALUES {ROWS}")
    search = f"SELECT id, distance(v, [0.0, 1, 0]) AS d FROM {name} ORDER BY d LIMIT 1"
    assert server.rows(search, enable_brute_force_vector_search=1) == [(2, 0)]
