"""Incremental models with every strategy that ClickHouse has, and `--empty` runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from dbt.tests.adapter.basic.test_incremental import (
    BaseIncremental,
    BaseIncrementalBadStrategy,
    BaseIncrementalNotSchemaChange,
)
from dbt.tests.adapter.empty.test_empty import (
    BaseTestEmpty,
    BaseTestEmptyInlineSourceRef,
    BaseTestEmptySeedFlag,
    MetadataWithEmptyFlag,
)
from dbt.tests.adapter.incremental.test_incremental_merge_exclude_columns import (
    BaseMergeExcludeColumns,
)
from dbt.tests.adapter.incremental.test_incremental_microbatch import BaseMicrobatch
from dbt.tests.adapter.incremental.test_incremental_on_schema_change import (
    BaseIncrementalOnSchemaChange,
)
from dbt.tests.adapter.incremental.test_incremental_predicates import BaseIncrementalPredicates
from dbt.tests.adapter.incremental.test_incremental_unique_id import BaseIncrementalUniqueKey
from dbt.tests.adapter.sample_mode.test_sample_mode import BaseSampleModeTest
from dbt.tests.util import run_dbt


class TestIncremental(BaseIncremental):
    pass


class TestIncrementalNotSchemaChange(BaseIncrementalNotSchemaChange):
    pass


class TestIncrementalPredicates(BaseIncrementalPredicates):
    pass


def rewrite(project: Any, models: str, pattern: str, replacement: str) -> None:
    """Change the text of some of the models in dbt's fixtures."""
    for path in (Path(project.project_root) / "models").glob(models):
        path.write_text(re.sub(pattern, replacement, path.read_text(), flags=re.IGNORECASE))


class TestIncrementalBadStrategy(BaseIncrementalBadStrategy):
    def test_incremental_invalid_strategy(self, project: Any) -> None:
        """The same as dbt's test, but dbt-clickhouse needs a second run with a unique key."""
        rewrite(project, "incremental.sql", '"bad_strategy"', '"bad_strategy", unique_key="id"')
        run_dbt(["seed"])
        run_dbt(["run"])
        (result,) = run_dbt(["run"], expect_pass=False)
        assert "The incremental strategy 'bad_strategy' is not valid" in result.message


class TestIncrementalUniqueKey(BaseIncrementalUniqueKey):
    @pytest.fixture(scope="class", autouse=True)
    def expected_rows(self, project: Any) -> None:
        """Dates as dates, and the empty city as in the seed."""
        rewrite(project, "expected/*.sql", r",('\d{4}-\d\d-\d\d')", r",toDate(\1)")
        rewrite(project, "expected/*.sql", "null", "''")


class TestIncrementalOnSchemaChange(BaseIncrementalOnSchemaChange):
    @pytest.fixture(scope="class", autouse=True)
    def expected_rows(self, project: Any) -> None:
        """Old rows have an empty text in a new column, because ClickHouse's String takes no null.

        The strategy changes the table. The legacy strategy would make a new one.
        """
        empty = r"then '' else toString(\1) end"
        rewrite(project, "*_target.sql", r"then null else (\w+) end", empty)
        rewrite(project, "*_target.sql", r"else null end", "else '' end")
        strategy = "unique_key='id', incremental_strategy='delete+insert'"
        rewrite(project, "*.sql", "unique_key='id'", strategy)

    def test_run_incremental_append_new_columns(self, project: Any) -> None:
        """Half of dbt's test. dbt-clickhouse adds no column while the model lacks another."""
        self.run_incremental_append_new_columns(project)

    def test_run_incremental_fail_on_schema_change(self, project: Any) -> None:
        """The same as dbt's test, with the words of dbt-clickhouse's error."""
        select = ["--select", "model_a incremental_fail"]
        run_dbt(["run", *select, "--full-refresh"])
        results = run_dbt(["run", *select], expect_pass=False)
        assert "The source and target schemas on this incremental model are out of sync" in (
            results[1].message
        )


class TestMicrobatch(BaseMicrobatch):
    pass


class TestEmptyRun(BaseTestEmpty):
    pass


class TestEmptyRunInlineSourceRef(BaseTestEmptyInlineSourceRef):
    pass


class TestMetadataWithEmptyFlag(MetadataWithEmptyFlag):
    @pytest.fixture(autouse=True)
    def not_the_type(self, model: str) -> None:
        if model == "alter_column_type":
            pytest.skip(
                "dbt-clickhouse's alter_column_type() uses the empty subquery as the table."
            )


@pytest.mark.skip(reason="`dbt seed --empty` needs a dbt newer than 1.11.")
class TestEmptySeedFlag(BaseTestEmptySeedFlag):
    pass


@pytest.mark.skip(reason="ClickHouse has no MERGE.")
class TestMergeExcludeColumns(BaseMergeExcludeColumns):
    pass


class TestSampleMode(BaseSampleModeTest):
    def test_sample_mode(self, project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same as dbt's test, with a range of days. A frozen clock hangs an open engine."""
        monkeypatch.setenv("DBT_EXPERIMENTAL_SAMPLE_MODE", "True")
        sampled = "model_that_samples_input_sql"
        run_dbt(["run"])
        self.assert_row_count(project, sampled, 3)
        run_dbt(["run", "--sample", "{'start': '2025-01-02', 'end': '2025-01-03'}"])
        self.assert_row_count(project, sampled, 1)
