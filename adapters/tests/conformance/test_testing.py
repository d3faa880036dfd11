"""Unit tests, stored failures and `dbt show`.

Left out, because they test which of two settings wins in dbt-core:
StoreTestFailuresAsProjectLevelOff, …View, …Ephemeral and StoreTestFailuresAsExceptions.
"""

import re
from typing import Any

import pytest
from dbt.tests.adapter.dbt_show.test_dbt_show import (
    BaseShowDoesNotHandleDoubleLimit,
    BaseShowLimit,
    BaseShowSqlHeader,
)
from dbt.tests.adapter.store_test_failures_tests import fixtures
from dbt.tests.adapter.store_test_failures_tests.basic import (
    StoreTestFailuresAsGeneric,
    StoreTestFailuresAsInteractions,
)
from dbt.tests.adapter.store_test_failures_tests.test_store_test_failures import (
    BaseStoreTestFailures,
    BaseStoreTestFailuresLimit,
)
from dbt.tests.adapter.unit_testing.test_case_insensitivity import BaseUnitTestCaseInsensivity
from dbt.tests.adapter.unit_testing.test_invalid_input import BaseUnitTestInvalidInput
from dbt.tests.adapter.unit_testing.test_quoted_reserved_word_column_names import (
    BaseUnitTestQuotedReservedWordColumnNames,
)
from dbt.tests.adapter.unit_testing.test_types import (
    BaseUnitTestingTypes,
    BaseUnitTestingVarcharFixtureNoTruncation,
)


class TestUnitTestingTypes(BaseUnitTestingTypes):
    @pytest.fixture
    def data_types(self) -> list[list[str]]:
        """A value in SQL and the same value in the YAML of a unit test, for each case."""
        return [
            ["1", "1"],
            ["'1'", "1"],
            ["true", "true"],
            ["toDate('2020-01-02')", "2020-01-02"],
            ["toDateTime('2013-11-03 00:00:00')", "2013-11-03 00:00:00"],
            ["toDecimal64(1, 2)", "1"],
            ["toFloat32(0.5)", "0.5"],
            ["['a', 'b']", "\"['a', 'b']\""],
            ["[toFloat32(0.5)]", "'[0.5]'"],
        ]


class TestUnitTestingVarcharFixtureNoTruncation(BaseUnitTestingVarcharFixtureNoTruncation):
    pass


class TestUnitTestCaseInsensitivity(BaseUnitTestCaseInsensivity):
    pass


class TestUnitTestInvalidInput(BaseUnitTestInvalidInput):
    pass


class TestUnitTestQuotedReservedWordColumnNames(BaseUnitTestQuotedReservedWordColumnNames):
    pass


class TestStoreTestFailures(BaseStoreTestFailures):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        """The column with its table. ClickHouse takes a bare `id` for the select's alias."""
        given = fixtures.models__problematic_model
        model = re.sub(r"where id in \(3,4\)", "as people where people.id in (3, 4)", given)
        return {
            "fine_model.sql": fixtures.models__fine_model,
            "fine_model_but_with_a_no_good_very_long_name.sql": (
                fixtures.models__file_model_but_with_a_no_good_very_long_name
            ),
            "problematic_model.sql": model,
        }

    def column_type_overrides(self) -> dict[str, Any]:
        """The types of the stored rows. EXCEPT does not convert types."""
        types = {
            "expected_not_null_problematic_model_id": {"id": "Nullable(Int32)"},
            "expected_unique_problematic_model_id": {
                "unique_field": "Nullable(Int32)",
                "n_records": "UInt64",
            },
            "expected_accepted_values": {"n_records": "UInt64"},
        }
        return {seed: {"+column_types": columns} for seed, columns in types.items()}


class TestStoreTestFailuresLimit(BaseStoreTestFailuresLimit):
    pass


class TestStoreTestFailuresAsInteractions(StoreTestFailuresAsInteractions):
    pass


class TestStoreTestFailuresAsGeneric(StoreTestFailuresAsGeneric):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        """A missing shirt is a null, as the test expects."""
        types = {"shirt": "Nullable(String)"}
        return {"seeds": {"test": {self.seed_table: {"+column_types": types}}}}


class TestShowLimit(BaseShowLimit):
    pass


class TestShowSqlHeader(BaseShowSqlHeader):
    pass


class TestShowDoesNotHandleDoubleLimit(BaseShowDoesNotHandleDoubleLimit):
    DATABASE_ERROR_MESSAGE = "SYNTAX_ERROR"
