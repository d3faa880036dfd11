"""The target `clickhouse`: a current server over HTTP."""

from pathlib import Path

import pyarrow.parquet as pq

from demo import Demo
from myscale.test_end_to_end import assert_answers_are_those_of_chdb
from servers import clickhouse_server
from warm_project import DbtProcess


def test_a_clickhouse_server_answers_as_chdb_does(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    dbt = DbtProcess(tmp_path)
    with clickhouse_server(tmp_path / "server", "secret") as port:
        dbt.environment |= {
            "CLICKHOUSE_HOST": "127.0.0.1",
            "CLICKHOUSE_PORT": str(port),
            "CLICKHOUSE_SECURE": "false",
            "CLICKHOUSE_USER": "default",
            "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD": "secret",
        }
        dbt.load("--target", "clickhouse", "--data", str(demo.data)).check()
        dbt.build_and_unit_test("--target", "clickhouse").check()
        ids = pq.read_table(demo.data / "photos.parquet", columns=["photo_id"])["photo_id"]
        some = tuple(ids.to_pylist()[:50])
        assert_answers_are_those_of_chdb(dbt, "clickhouse", demo, some)
