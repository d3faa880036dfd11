from dbt.adapters.base.plugin import AdapterPlugin
from dbt.include import clickhouse_python

from dbt.adapters.clickhouse_python.connections import ClickHousePythonCredentials
from dbt.adapters.clickhouse_python.impl import ClickHouse_PythonAdapter

Plugin = AdapterPlugin(
    adapter=ClickHouse_PythonAdapter,  # type: ignore[arg-type]  # dbt's protocol knows no subclass's types
    credentials=ClickHousePythonCredentials,
    include_path=clickhouse_python.PACKAGE_PATH,
    dependencies=["clickhouse"],
)
