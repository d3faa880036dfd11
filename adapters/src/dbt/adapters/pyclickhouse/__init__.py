from dbt.adapters.base.plugin import AdapterPlugin

from dbt.adapters.pyclickhouse.connections import PyClickHouseCredentials
from dbt.adapters.pyclickhouse.impl import PyClickHouseAdapter
from dbt.include import pyclickhouse

Plugin = AdapterPlugin(
    adapter=PyClickHouseAdapter,  # type: ignore[arg-type]  # dbt's protocol knows no subclass's types
    credentials=PyClickHouseCredentials,
    include_path=pyclickhouse.PACKAGE_PATH,
    dependencies=["clickhouse"],
)
