"""Snapshots with both strategies, renamed columns, several keys and hard deletes."""

from typing import Any

import pytest
from dbt.tests.adapter.basic.test_snapshot_check_cols import BaseSnapshotCheckCols
from dbt.tests.adapter.basic.test_snapshot_timestamp import BaseSnapshotTimestamp
from dbt.tests.adapter.simple_snapshot import fixtures
from dbt.tests.adapter.simple_snapshot.new_record_check_mode import BaseSnapshotNewRecordCheckMode
from dbt.tests.adapter.simple_snapshot.new_record_dbt_valid_to_current import (
    BaseSnapshotNewRecordDbtValidToCurrent,
)
from dbt.tests.adapter.simple_snapshot.new_record_timestamp_mode import (
    BaseSnapshotNewRecordTimestampMode,
)
from dbt.tests.adapter.simple_snapshot.test_ephemeral_snapshot_hard_deletes import (
    BaseSnapshotEphemeralHardDeletes,
    BaseSnapshotNewColumnSpecificCheckCols,
    BaseSnapshotNewColumnTimestampStrategy,
    BaseSnapshotNewColumnWithDeletes,
)
from dbt.tests.adapter.simple_snapshot.test_snapshot import BaseSimpleSnapshot, BaseSnapshotCheck
from dbt.tests.adapter.simple_snapshot.test_various_configs import (
    BaseSnapshotColumnNames,
    BaseSnapshotColumnNamesFromDbtProject,
    BaseSnapshotDbtValidToCurrent,
    BaseSnapshotInvalidColumnNames,
    BaseSnapshotMultiUniqueKey,
)

by_their_usual_names = pytest.mark.skip(
    reason="dbt-clickhouse's snapshot macros cannot rename dbt_scd_id and dbt_valid_to."
)

no_new_record = pytest.mark.skip(
    reason="dbt-clickhouse's snapshots close deleted rows and have no `new_record`."
)


class TestSnapshotCheckCols(BaseSnapshotCheckCols):
    pass


class TestSnapshotTimestamp(BaseSnapshotTimestamp):
    pass


class TestSimpleSnapshot(BaseSimpleSnapshot):
    @pytest.fixture(scope="class")
    def dbt_profile_target(self, dbt_profile_target: dict[str, Any]) -> dict[str, Any]:
        """A deleted row is a null in an outer join. ClickHouse would fill in zeros."""
        return {**dbt_profile_target, "custom_settings": {"join_use_nulls": 1}}


class TestSnapshotCheck(BaseSnapshotCheck):
    pass


@by_their_usual_names
class TestSnapshotColumnNames(BaseSnapshotColumnNames):
    pass


@by_their_usual_names
class TestSnapshotColumnNamesFromDbtProject(BaseSnapshotColumnNamesFromDbtProject):
    pass


class TestSnapshotInvalidColumnNames(BaseSnapshotInvalidColumnNames):
    @pytest.fixture(scope="class")
    def snapshots(self) -> dict[str, str]:
        """ClickHouse has no database above the schema."""
        return {"snapshot.sql": fixtures.snapshot_actual_sql.replace("{{target.database}}.", "")}


@by_their_usual_names
class TestSnapshotDbtValidToCurrent(BaseSnapshotDbtValidToCurrent):
    pass


@by_their_usual_names
class TestSnapshotMultiUniqueKey(BaseSnapshotMultiUniqueKey):
    pass


@no_new_record
class TestSnapshotNewRecordCheckMode(BaseSnapshotNewRecordCheckMode):
    pass


@no_new_record
class TestSnapshotNewRecordTimestampMode(BaseSnapshotNewRecordTimestampMode):
    pass


@no_new_record
class TestSnapshotNewRecordDbtValidToCurrent(BaseSnapshotNewRecordDbtValidToCurrent):
    pass


class TestSnapshotEphemeralHardDeletes(BaseSnapshotEphemeralHardDeletes):
    pass


class TestSnapshotNewColumnTimestampStrategy(BaseSnapshotNewColumnTimestampStrategy):
    pass


class TestSnapshotNewColumnSpecificCheckCols(BaseSnapshotNewColumnSpecificCheckCols):
    pass


@no_new_record
class TestSnapshotNewColumnWithDeletes(BaseSnapshotNewColumnWithDeletes):
    pass
