from dbt.adapters.clickhouse_python.impl import ClickHouse_PythonAdapter
from dbt.adapters.myscale.connections import MyScaleConnectionManager


class MyScaleAdapter(ClickHouse_PythonAdapter):
    """dbt-clickhouse on MyScale, a fork of ClickHouse 23.3 (1.x) or 24.8 (2.x)."""

    ConnectionManager = MyScaleConnectionManager
