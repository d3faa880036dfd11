"""The target `clickhouse`, on the server that CLICKHOUSE_* names, or on chDB behind HTTP."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from demo import Demo
from myscale.test_end_to_end import (
    assert_answers_are_those_of_chdb,
    assert_the_search_page_answers,
)
from servers import clickhouse_server
from warm_project import DbtProcess


def test_a_clickhouse_server_answers_as_chdb_does(demo: Demo, tmp_path: Path) -> None:
    dbt = DbtProcess(tmp_path)
    with server(tmp_path) as variables:
        dbt.environment |= variables
        dbt.load("--target", "clickhouse", "--data", str(demo.data)).check()
        dbt.build_and_unit_test("--target", "clickhouse").check()
        ids = pq.read_table(demo.data / "photos.parquet", columns=["photo_id"])["photo_id"]
        some = tuple(ids.to_pylist()[:50])
        assert_answers_are_those_of_chdb(dbt, "clickhouse", demo, some)
        assert_the_search_page_answers(dbt, "clickhouse", demo.data)


@contextmanager
def server(folder: Path) -> Iterator[dict[str, str]]:
    """The variables of the server that the environment names, or of one that starts here."""
    if "CLICKHOUSE_HOST" in os.environ:
        yield {}
        return
    (folder / "server").mkdir()
    with clickhouse_server(folder / "server", "secret") as port:
        yield {
            "CLICKHOUSE_HOST": "127.0.0.1",
            "CLICKHOUSE_PORT": str(port),
            "CLICKHOUSE_SECURE": "false",
            "CLICKHOUSE_USER": "default",
            "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD": "secret",
        }
