"""The target `clickhouse`: the stock adapter, over HTTP."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from dbt_process import REPOSITORY, DbtProcess
from demo import Demo
from myscale.test_end_to_end import assert_answers_are_those_of_chdb


def test_a_clickhouse_server_answers_as_chdb_does(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    dbt = DbtProcess(tmp_path)
    with clickhouse_server(tmp_path / "server") as port:
        dbt.environment |= {
            "CLICKHOUSE_HOST": "127.0.0.1",
            "CLICKHOUSE_PORT": port,
            "CLICKHOUSE_SECURE": "false",
            "CLICKHOUSE_USER": "default",
            "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD": "secret",
        }
        dbt.load("--target", "clickhouse", "--data", str(demo.data)).check()
        dbt.run("build", "--target", "clickhouse").check()
        ids = pq.read_table(demo.data / "photos.parquet", columns=["photo_id"])["photo_id"]
        some = tuple(ids.to_pylist()[:50])
        assert_answers_are_those_of_chdb(dbt, "clickhouse", demo, some)


@contextmanager
def clickhouse_server(folder: Path) -> Iterator[str]:
    """The port of a ClickHouse server; see clickhouse_server.py."""
    with subprocess.Popen(
        [sys.executable, "-m", "myscale.clickhouse_server", str(folder)],
        cwd=REPOSITORY / "python" / "tests",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()
