"""A Python model as a `vector_table`, in a project with the package vector_search."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from myscale_standin import MyScaleStandIn
from project import Project
from warm_project import REPOSITORY

FILES = {
    "models/indexed.py": """
        import os

        import pyarrow as pa


        def model(dbt, session):
            dbt.config(
                materialized="vector_table",
                unique_key="id",
                order_by="id",
                persist_docs={"relation": True, "columns": True},
                meta={"vector_index": {"name": "of_vectors", "column": "v", "dimension": 4}},
            )
            count = int(os.environ.get("INDEXED_ROWS", 4))
            rows = [{"id": str(n), "v": [n + 1.0, 1.0, 2.0, 3.0]} for n in range(count)]
            return pa.Table.from_pylist(rows)
    """,
    "models/indexed.yml": """
        models:
          - name: indexed
            description: Four numbers each.
            columns:
              - {name: id, data_type: String, description: The row's name.}
              - {name: v, data_type: Array(Float32)}
            constraints:
              - {type: check, name: size, expression: length(v) = 4}
    """,
}


@pytest.fixture(params=["chdb", "myscale"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "dbt_packages").mkdir()
    (tmp_path / "dbt_packages" / "vector_search").symlink_to(REPOSITORY / "packages/vector_search")
    variables = {"vector_index_deadline_s": 60, "search_list_size": 7, "search_alpha": 2}
    settings = {"vars": variables}
    if request.param == "chdb":
        target = {"type": "chdb", "chdb_path": str(tmp_path / "chdb")}
        yield Project(tmp_path, target, FILES, **settings)
    else:
        with MyScaleStandIn(2, "oss") as server:
            address = {"host": server.host, "port": server.port, "secure": False}
            target = address | {"type": "myscale", "user": server.user, "edition": "oss"}
            yield Project(tmp_path, target, FILES, **settings)


def test_a_vector_table_of_a_python_model_has_an_index_grows_and_survives_a_failure(
    project: Project,
) -> None:
    def state() -> tuple[str, int, str]:
        """The number of rows in the index, and the table that holds them."""
        query = "{{ vector_search.index_status_query() }}"
        shown = project.run("--quiet", "show", "--inline", query, "--output", "json")
        [index] = json.loads(shown.check().output)["show"]
        table = project.value(
            "select toString(uuid) from system.tables where database = 'small' and name = 'indexed'"
        )
        return index["status"], project.value("select count() from {{ ref('indexed') }}"), table

    project.run("build").check()
    status, count, first = state()
    assert (status, count) == ("Built", 4)
    project.run("run", INDEXED_ROWS="7").check()
    assert state() == ("Built", 7, first)
    assert project.run("run", INDEXED_ROWS="some").exit_code == 1
    assert state() == ("Built", 7, first)
    project.run("run", "--full-refresh").check()
    status, count, second = state()
    assert (status, count) == ("Built", 4)
    assert second != first


def test_a_vector_table_has_its_descriptions_in_the_database(project: Project) -> None:
    project.run("build").check()
    comment = "select {} as comment from system.{} where database = 'small' and {} = 'indexed'"
    assert project.value(comment.format("comment", "tables", "name")) == "Four numbers each."
    texts = comment.format("arrayStringConcat(groupArray(comment))", "columns", "table")
    assert project.value(texts) == "The row's name."


def test_the_vars_of_a_search_are_in_its_statement(project: Project) -> None:
    distance, settings = "indexed_distance('v', 'w')", "search_settings()"
    inline = f"select {{{{ vector_search.{distance} ~ vector_search.{settings} }}}}"
    compiled = project.run("compile", "--inline", inline).check().output
    # the one on chDB, the other on MyScale
    assert "list_size_for_search = 7," in compiled or "distance('alpha=2')(v, w)" in compiled
