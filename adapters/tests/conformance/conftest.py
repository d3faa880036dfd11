"""dbt's own adapter tests on chDB: one engine for each pytest worker, one schema for each class."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pandas  # noqa: F401  # before the engine opens: freezegun's scan of lazy modules hangs it
import pytest
from dbt.adapters.base.impl import BaseAdapter
from dbt.adapters.factory import reset_adapters
from dbt.tests.fixtures.project import *  # noqa: F403  # its fixtures, for this folder alone
from dbt.tests.fixtures.project import TestProjInfo

from dbt.adapters.chdb.impl import ChdbAdapter
from warm_dbt import make_dbt_quick

from .dialect import in_clickhouse


def pytest_configure(config: pytest.Config) -> None:
    """Silence what dbt's own base classes do: scoped fixtures that are plain methods."""
    config.addinivalue_line(
        "filterwarnings",
        "ignore:.*-scoped fixtures defined as instance methods:pytest.PytestRemovedIn10Warning",
    )


@pytest.fixture(scope="session", autouse=True)
def rows_are_compared() -> Iterator[None]:
    """dbt's comparison of two tables, by EXCEPT, in place of dbt-clickhouse's.

    Theirs is an outer join that looks for nulls, and finds none where ClickHouse fills in zeros:
    two tables of as many rows are equal to it, whatever stands in them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChdbAdapter, "get_rows_different_sql", BaseAdapter.get_rows_different_sql)
        yield


@pytest.fixture(scope="session", autouse=True)
def dbt_is_quick() -> None:
    make_dbt_quick()


@pytest.fixture(scope="session", autouse=True)
def no_adapter_is_left_from_another_test() -> None:
    """dbt keeps the last adapter of a process, and its fixtures would take that one."""
    reset_adapters()


@pytest.fixture(scope="session", autouse=True)
def utc() -> Iterator[None]:
    """dbt's fixtures write times without a zone, and the engine reads them in its process's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="package")
def chdb_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One path for all tests here, open until the last: chDB takes its time to open.

    It cannot open a second path while the first is open, and leaves a dozen threads behind each
    time that it closes.
    """
    path = tmp_path_factory.mktemp("chdb")
    with clickhouse_connect.get_client(interface="chdb", path=str(path)):
        yield path


@pytest.fixture(scope="class")
def dbt_profile_target(chdb_path: Path) -> dict[str, Any]:
    return {"type": "chdb", "chdb_path": str(chdb_path), "threads": 4}


@pytest.fixture(scope="class")
def logs_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """dbt's fixture writes below the repository; this one writes where pytest cleans up."""
    with pytest.MonkeyPatch.context() as patch:
        path = str(tmp_path_factory.mktemp("logs"))
        patch.setenv("DBT_LOG_PATH", path)
        yield path


@pytest.fixture(scope="module")
def test_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / "data"


@pytest.fixture(scope="class")
def profile_user() -> None:
    """chDB has no users, so the catalog names no owner."""


@pytest.fixture(scope="class")
def project(project_setup: TestProjInfo, project_files: None) -> TestProjInfo:
    """dbt's project, whose `run_sql` also reads the Postgres statements of dbt's fixtures."""
    run_sql = project_setup.run_sql

    def run_translated(sql: str, fetch: str | None = None) -> Any:
        return run_sql(in_clickhouse(sql), fetch)

    project_setup.run_sql = run_translated  # type: ignore[method-assign]
    return project_setup
