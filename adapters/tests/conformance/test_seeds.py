"""Seeds: types, delimiters, refreshes, and unreadable files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt.tests.adapter.simple_seed import fixtures
from dbt.tests.adapter.simple_seed.test_seed import (
    BaseBasicSeedTests,
    BaseSeedConfigFullRefreshOff,
    BaseSeedConfigFullRefreshOn,
    BaseSeedCustomSchema,
    BaseSeedParsing,
    BaseSeedSpecificFormats,
    BaseSeedWithEmptyDelimiter,
    BaseSeedWithUniqueDelimiter,
    BaseSeedWithWrongDelimiter,
    BaseSimpleSeedEnabledViaConfig,
    BaseSimpleSeedWithBOM,
    BaseTestEmptySeed,
)
from dbt.tests.adapter.simple_seed.test_seed_type_override import BaseSimpleSeedColumnOverride


class EmptyCellIsNull:
    """Row 499 of dbt's seed has an empty name, and dbt expects a null."""

    @pytest.fixture(scope="class")
    def properties(self) -> dict[str, Any]:
        names = ("seed_actual", "seed_pipe_separated", "seed_bom")
        config = {"column_types": {"first_name": "Nullable(String)"}}
        return {"seeds.yml": {"seeds": [{"name": name, "config": config} for name in names]}}


class NothingCascades(EmptyCellIsNull):
    """Postgres drops the views on a refreshed seed. ClickHouse keeps them."""

    def _check_relation_end_state(self, run_result: Any, project: Any, exists: bool) -> None:
        super()._check_relation_end_state(run_result, project, exists=True)  # type: ignore[misc]


class TestBasicSeeds(NothingCascades, BaseBasicSeedTests):
    pass


class TestSeedConfigFullRefreshOn(NothingCascades, BaseSeedConfigFullRefreshOn):
    pass


class TestSeedConfigFullRefreshOff(NothingCascades, BaseSeedConfigFullRefreshOff):
    pass


class TestSeedCustomSchema(EmptyCellIsNull, BaseSeedCustomSchema):
    pass


class TestSeedWithUniqueDelimiter(EmptyCellIsNull, BaseSeedWithUniqueDelimiter):
    pass


class TestSeedWithWrongDelimiter(BaseSeedWithWrongDelimiter):
    pass


class TestSeedWithEmptyDelimiter(BaseSeedWithEmptyDelimiter):
    pass


class TestSeedEnabledViaConfig(BaseSimpleSeedEnabledViaConfig):
    @pytest.fixture
    def clear_test_schema(self, project: Any) -> Iterator[None]:
        """Drop through the adapter, so that it creates the schema again."""
        yield
        project.drop_test_schema()
        project.create_test_schema()


class TestSeedParsing(BaseSeedParsing):
    pass


class TestSeedWithByteOrderMark(EmptyCellIsNull, BaseSimpleSeedWithBOM):
    @pytest.fixture(scope="class")
    def project(self, project: Any) -> Any:
        project.test_dir = str(Path(fixtures.__file__).parent)  # where dbt keeps seed_bom.csv
        return project


class TestSeedSpecificFormats(BaseSeedSpecificFormats):
    pass


class TestEmptySeed(BaseTestEmptySeed):
    pass


class TestSeedColumnOverride(BaseSimpleSeedColumnOverride):
    """ClickHouse's types. The birthday has a time of day, which its Date cannot read."""

    @staticmethod
    def seed_enabled_types() -> dict[str, str]:
        return {"seed_id": "String", "birthday": "DateTime"}

    @staticmethod
    def seed_tricky_types() -> dict[str, str]:
        return dict.fromkeys(("seed_id_str", "looks_like_a_bool", "looks_like_a_date"), "String")

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        types = {
            "timestamp without time zone": "DateTime",
            "date": "DateTime",
            "text": "String",
            "integer": "Int32",
            "boolean": "Bool",
        }
        expected = fixtures.properties__schema_yml
        for postgres, clickhouse in types.items():
            expected = expected.replace(f"type: {postgres}\n", f"type: {clickhouse}\n")
        return {"schema.yml": expected}
