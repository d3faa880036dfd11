from dbt.adapters.myscale.connections import MyScaleConnectionManager
from dbt.adapters.pyclickhouse.impl import PyClickHouseAdapter


class MyScaleAdapter(PyClickHouseAdapter):
    """dbt-clickhouse on MyScale, a fork of ClickHouse 23.3 (1.x) or 24.8 (2.x)."""

    ConnectionManager = MyScaleConnectionManager
