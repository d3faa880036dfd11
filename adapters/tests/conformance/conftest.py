"""dbt's adapter tests on chDB, with one engine per pytest worker and one schema per class."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pandas  # noqa: F401  # import it before the engine opens, or freezegun's scan of modules hangs
import pytest
from dbt.adapters.base.impl import BaseAdapter
from dbt.adapters.factory import reset_adapters
from dbt.tests.fixtures.project import *  # noqa: F403  # its fixtures, for this folder only
from dbt.tests.fixtures.project import TestProjInfo

from dbt.adapters.chdb.impl import ChdbAdapter
from warm_dbt import make_dbt_quick

from .dialect import in_clickhouse


def pytest_configure(config: pytest.Config) -> None:
    """Silence a warning about dbt's base classes, whose scoped fixtures are plain methods."""
    config.addinivalue_line(
        "filterwarnings",
        "ignore:.*-scoped fixtures defined as instance methods:pytest.PytestRemovedIn10Warning",
    )


@pytest.fixture(scope="session", autouse=True)
def rows_are_compared() -> Iterator[None]:
    """Compare two tables with dbt's EXCEPT instead of dbt-clickhouse's outer join.

    That join looks for nulls, and ClickHouse fills in zeros. So any two tables with the same number
    of rows were equal.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChdbAdapter, "get_rows_different_sql", BaseAdapter.get_rows_different_sql)
        yield


@pytest.fixture(scope="session", autouse=True)
def dbt_is_quick() -> None:
    make_dbt_quick()


@pytest.fixture(scope="session", autouse=True)
def no_adapter_is_left_from_another_test() -> None:
    """Forget dbt's last adapter, which its fixtures would use again."""
    reset_adapters()


@pytest.fixture(scope="session", autouse=True)
def utc() -> Iterator[None]:
    """Use UTC. dbt's fixtures write times without a zone, and the engine reads them in its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="package")
def chdb_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One path for all tests here, which stays open, because chDB opens slowly.

    It cannot open a second path while the first is open, and each close leaves a dozen threads.
    """
    path = tmp_path_factory.mktemp("chdb")
    with clickhouse_connect.get_client(interface="chdb", path=str(path)):
        yield path


@pytest.fixture(scope="class")
def dbt_profile_target(chdb_path: Path) -> dict[str, Any]:
    return {"type": "chdb", "chdb_path": str(chdb_path), "threads": 4}


@pytest.fixture(scope="class")
def logs_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A folder that pytest cleans up. dbt's own fixture writes into the repository."""
    with pytest.MonkeyPatch.context() as patch:
        path = str(tmp_path_factory.mktemp("logs"))
        patch.setenv("DBT_LOG_PATH", path)
        patch.setenv("DBT_LOG_LEVEL_FILE", "none")
        yield path


@pytest.fixture(scope="module")
def test_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / "data"


@pytest.fixture(scope="class")
def profile_user() -> None:
    """None. chDB has no users, so the catalog names no owner."""


@pytest.fixture(scope="class")
def project(project_setup: TestProjInfo, project_files: None) -> TestProjInfo:
    """dbt's project. Its `run_sql` also reads the Postgres statements of dbt's fixtures."""
    run_sql = project_setup.run_sql

    def run_translated(sql: str, fetch: str | None = None) -> Any:
        return run_sql(in_clickhouse(sql), fetch)

    project_setup.run_sql = run_translated  # type: ignore[method-assign]
    return project_setup
