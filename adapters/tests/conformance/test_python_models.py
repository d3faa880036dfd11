"""dbt's tests of Python models, whose fixtures use Spark's frames."""

from typing import Any

import pytest
from dbt.tests.adapter.python_model.test_python_model import (
    BasePythonEmptyTests,
    BasePythonIncrementalTests,
    BasePythonMetaGetTests,
    BasePythonModelTests,
    BasePythonSampleTests,
)
from dbt.tests.adapter.python_model.test_spark import PANDAS_MODEL, BasePySparkTests
from dbt.tests.util import run_dbt

from .test_incremental import rewrite


class TestPythonModels(BasePythonModelTests):
    @pytest.fixture(scope="class", autouse=True)
    def arrow(self, project: Any) -> None:
        rewrite(project, "*.py", r"df\.limit\(2\)", "df.slice(0, 2)")


class TestPythonIncremental(BasePythonIncrementalTests):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        """ClickHouse has no MERGE."""
        return {"models": {"+incremental_strategy": "delete+insert", "+meta": {"frame": "pandas"}}}

    @pytest.fixture(scope="class", autouse=True)
    def pandas(self, project: Any) -> None:
        rewrite(project, "*.py", r"df\.filter\(df.id > 5\)", "df[df.id > 5]")


class TestPythonMetaGet(BasePythonMetaGetTests):
    @pytest.fixture(scope="class", autouse=True)
    def arrow(self, project: Any) -> None:
        rows = r"__import__('pyarrow').Table.from_pylist([dict(zip(\1, row)) for row in data])"
        rewrite(project, "*.py", r"session\.createDataFrame\(data, (.*)\)", rows)


class InClickHouse:
    @pytest.fixture(scope="class")
    def input_model_sql(self) -> str:
        return """
{{ config(materialized="table", event_time="event_time") }}
select number + 1 as id, toDateTime('2025-01-01 01:25:00') + number * 86400 as event_time
from numbers(3)
"""


class TestPythonEmpty(InClickHouse, BasePythonEmptyTests):
    pass


class TestPythonSample(InClickHouse, BasePythonSampleTests):
    pass


class TestPandas(BasePySparkTests):
    """The only one of dbt's frames that works without Spark."""

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        return {"pandas_df.py": PANDAS_MODEL}

    def test_different_dataframes(self, project: Any) -> None:
        run_dbt(["run"])
        cities = f"select count(), max(Latitude) from {project.test_schema}.pandas_df"
        assert project.run_sql(cities, fetch="one") == (5, 10.48)
