from dbt.adapters.clickhouse_python.impl import ClickHousePythonAdapter
from dbt.adapters.myscale.connections import MyScaleConnectionManager


class MyScaleAdapter(ClickHousePythonAdapter):
    """dbt-clickhouse on MyScale, a fork of ClickHouse 23.3 (1.x) or 24.8 (2.x)."""

    ConnectionManager = MyScaleConnectionManager
