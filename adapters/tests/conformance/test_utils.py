"""dbt's cross-database macros, each with ClickHouse's types.

ClickHouse columns take no null by default, so seeds with empty cells declare `Nullable(…)`. Where a
macro takes only constants, the model passes constants.
"""

from typing import Any

import pytest
from dbt.tests.adapter.utils import (
    fixture_date_spine,
    fixture_dateadd,
    fixture_datediff,
    fixture_get_intervals_between,
    fixture_replace,
    fixture_split_part,
)
from dbt.tests.adapter.utils.data_types.test_type_bigint import BaseTypeBigInt
from dbt.tests.adapter.utils.data_types.test_type_boolean import BaseTypeBoolean
from dbt.tests.adapter.utils.data_types.test_type_float import BaseTypeFloat
from dbt.tests.adapter.utils.data_types.test_type_int import BaseTypeInt
from dbt.tests.adapter.utils.data_types.test_type_numeric import BaseTypeNumeric
from dbt.tests.adapter.utils.data_types.test_type_string import BaseTypeString
from dbt.tests.adapter.utils.data_types.test_type_timestamp import BaseTypeTimestamp
from dbt.tests.adapter.utils.test_any_value import BaseAnyValue
from dbt.tests.adapter.utils.test_array_append import BaseArrayAppend
from dbt.tests.adapter.utils.test_array_concat import BaseArrayConcat
from dbt.tests.adapter.utils.test_array_construct import BaseArrayConstruct
from dbt.tests.adapter.utils.test_bool_or import BaseBoolOr
from dbt.tests.adapter.utils.test_cast import BaseCast
from dbt.tests.adapter.utils.test_cast_bool_to_text import BaseCastBoolToText
from dbt.tests.adapter.utils.test_concat import BaseConcat
from dbt.tests.adapter.utils.test_current_timestamp import BaseCurrentTimestampNaive
from dbt.tests.adapter.utils.test_date import BaseDate
from dbt.tests.adapter.utils.test_date_spine import BaseDateSpine
from dbt.tests.adapter.utils.test_date_trunc import BaseDateTrunc
from dbt.tests.adapter.utils.test_dateadd import BaseDateAdd
from dbt.tests.adapter.utils.test_datediff import BaseDateDiff
from dbt.tests.adapter.utils.test_equals import BaseEquals
from dbt.tests.adapter.utils.test_escape_single_quotes import (
    BaseEscapeSingleQuotesBackslash,
    BaseEscapeSingleQuotesQuote,
)
from dbt.tests.adapter.utils.test_except import BaseExcept
from dbt.tests.adapter.utils.test_generate_series import BaseGenerateSeries
from dbt.tests.adapter.utils.test_get_intervals_between import BaseGetIntervalsBetween
from dbt.tests.adapter.utils.test_get_powers_of_two import BaseGetPowersOfTwo
from dbt.tests.adapter.utils.test_hash import BaseHash
from dbt.tests.adapter.utils.test_intersect import BaseIntersect
from dbt.tests.adapter.utils.test_last_day import BaseLastDay
from dbt.tests.adapter.utils.test_length import BaseLength
from dbt.tests.adapter.utils.test_listagg import BaseListagg
from dbt.tests.adapter.utils.test_null_compare import BaseMixedNullCompare, BaseNullCompare
from dbt.tests.adapter.utils.test_position import BasePosition
from dbt.tests.adapter.utils.test_replace import BaseReplace
from dbt.tests.adapter.utils.test_right import BaseRight
from dbt.tests.adapter.utils.test_safe_cast import BaseSafeCast
from dbt.tests.adapter.utils.test_source_freshness_custom_info import BaseCalculateFreshnessMethod
from dbt.tests.adapter.utils.test_split_part import BaseSplitPart
from dbt.tests.adapter.utils.test_string_literal import BaseStringLiteral
from dbt.tests.adapter.utils.test_timestamps import BaseCurrentTimestamps
from dbt.tests.adapter.utils.test_validate_sql import BaseValidateSqlMethod


def seed_columns(seed: str, **types: str) -> dict[str, Any]:
    """The project configuration with the types of a seed's columns."""
    return {"name": "test", "seeds": {"test": {seed: {"+column_types": types}}}}


class TestAnyValue(BaseAnyValue):
    pass


class TestArrayConstruct(BaseArrayConstruct):
    pass


class TestBoolOr(BaseBoolOr):
    pass


class TestCast(BaseCast):
    pass


class TestCastBoolToText(BaseCastBoolToText):
    pass


class TestConcat(BaseConcat):
    pass


class TestCurrentTimestampNaive(BaseCurrentTimestampNaive):
    pass


class TestDateTrunc(BaseDateTrunc):
    pass


class TestEquals(BaseEquals):
    pass


class TestEscapeSingleQuotesBackslash(BaseEscapeSingleQuotesBackslash):
    pass


class TestEscapeSingleQuotesQuote(BaseEscapeSingleQuotesQuote):
    pass


class TestExcept(BaseExcept):
    pass


class TestGenerateSeries(BaseGenerateSeries):
    pass


class TestGetPowersOfTwo(BaseGetPowersOfTwo):
    pass


class TestHash(BaseHash):
    pass


class TestIntersect(BaseIntersect):
    pass


class TestLength(BaseLength):
    pass


class TestListagg(BaseListagg):
    pass


class TestMixedNullCompare(BaseMixedNullCompare):
    pass


class TestNullCompare(BaseNullCompare):
    pass


class TestPosition(BasePosition):
    pass


class TestRight(BaseRight):
    pass


class TestSafeCast(BaseSafeCast):
    pass


class TestStringLiteral(BaseStringLiteral):
    pass


class TestTypeBoolean(BaseTypeBoolean):
    pass


class TestTypeFloat(BaseTypeFloat):
    pass


class TestTypeInt(BaseTypeInt):
    pass


class TestTypeNumeric(BaseTypeNumeric):
    pass


class TestTypeString(BaseTypeString):
    pass


class TestTypeTimestamp(BaseTypeTimestamp):
    pass


class TestValidateSqlMethod(BaseValidateSqlMethod):
    pass


class TestCalculateFreshnessMethod(BaseCalculateFreshnessMethod):
    pass


class SameColumnNames:
    """ClickHouse chooses the type of a literal array by its largest number, and that of an empty
    array by the array it joins.
    """

    def assert_columns_equal(self, project: Any, expected: list[Any], actual: list[Any]) -> None:
        assert [column[0] for column in expected] == [column[0] for column in actual]


class TestArrayAppend(SameColumnNames, BaseArrayAppend):
    pass


class TestArrayConcat(SameColumnNames, BaseArrayConcat):
    pass


class TestTypeBigInt(SameColumnNames, BaseTypeBigInt):
    """The literal 9223372036854775800 is a UInt64. type_bigint() is an Int64."""


@pytest.mark.skip(
    reason="dbt-clickhouse has no date(), and dbt's default needs Postgres's to_date."
)
class TestDate(BaseDate):
    pass


class TestDateSpine(BaseDateSpine):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        model = fixture_date_spine.models__test_date_spine_sql
        return {
            "test_date_spine.yml": fixture_date_spine.models__test_date_spine_yml,
            "test_date_spine.sql": model.replace("target.type == 'postgres'", "true"),
        }


class TestDateAdd(BaseDateAdd):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return seed_columns("data_dateadd", from_time="DateTime", result="DateTime")

    @pytest.fixture(scope="class")
    def seeds(self) -> dict[str, str]:
        """Without the empty row. The model casts to a type that takes no null."""
        rows = fixture_dateadd.seeds__data_dateadd_csv.replace(",1,day,\n", "")
        return {"data_dateadd.csv": rows}


class TestDateDiff(BaseDateDiff):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        time = "Nullable(DateTime)"
        return seed_columns(
            "data_datediff", first_date=time, second_date=time, result="Nullable(Int32)"
        )

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        """Literal times are cast, because ClickHouse's dateDiff takes no text."""
        model = fixture_datediff.models__test_datediff_sql
        for year in (
            "1999-12-31 23:59:59.999999",
            "2000-01-01 00:00:00.000000",
            "2000-01-03 00:00:00.000000",
        ):
            model = model.replace(f"'{year}'", f"toDateTime64('{year}', 6)")
        return {
            "test_datediff.yml": fixture_datediff.models__test_datediff_yml,
            "test_datediff.sql": model,
        }


class TestGetIntervalsBetween(BaseGetIntervalsBetween):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        fixture = fixture_get_intervals_between
        model = fixture.models__test_get_intervals_between_sql
        for month_first, iso in (("09/01/2023", "2023-09-01"), ("09/12/2023", "2023-09-12")):
            model = model.replace(f"'{month_first}'", f"toDate('{iso}')")
        return {
            "test_get_intervals_between.yml": fixture.models__test_get_intervals_between_yml,
            "test_get_intervals_between.sql": model,
        }


class TestLastDay(BaseLastDay):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        day = "Nullable(Date)"
        return seed_columns("data_last_day", date_day=day, result=day)


class TestReplace(BaseReplace):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        """dbt-clickhouse's replace() takes text, not columns."""
        rows = "result as expected from {{ ref('data_replace') }} where search_chars ="
        model = f"""
            select {{{{ replace('string_text', 'a', 'b') }}}} as actual, {rows} 'a'
            union all
            select {{{{ replace('string_text', 'http://', '') }}}} as actual, {rows} 'http://'
        """
        return {
            "test_replace.yml": fixture_replace.models__test_replace_yml,
            "test_replace.sql": model,
        }


class TestSplitPart(BaseSplitPart):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        """The separator as a constant. ClickHouse's splitByString takes nothing else."""
        model = fixture_split_part.models__test_split_part_sql.replace("'split_on'", "\"'|'\"")
        return {
            "test_split_part.yml": fixture_split_part.models__test_split_part_yml,
            "test_split_part.sql": model,
        }


class TestCurrentTimestamps(BaseCurrentTimestamps):
    @pytest.fixture(scope="class")
    def expected_schema(self) -> dict[str, str]:
        names = ("current_timestamp", "current_timestamp_in_utc_backcompat")
        return dict.fromkeys((*names, "current_timestamp_backcompat"), "DateTime")

    @pytest.fixture(scope="class")
    def expected_sql(self) -> None:
        """dbt expects the text of Postgres."""
