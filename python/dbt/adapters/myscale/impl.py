from dbt.adapters.clickhouse.impl import ClickHouseAdapter

from dbt.adapters.myscale.connections import MyScaleConnectionManager


class MyScaleAdapter(ClickHouseAdapter):
    """dbt-clickhouse on MyScale, a fork of ClickHouse 23.3 (1.x) or 24.8 (2.x)."""

    ConnectionManager = MyScaleConnectionManager
