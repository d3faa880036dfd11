from dbt.adapters.base.plugin import AdapterPlugin
from dbt.include import myscale

from dbt.adapters.myscale.connections import MyScaleCredentials
from dbt.adapters.myscale.impl import MyScaleAdapter

Plugin = AdapterPlugin(
    adapter=MyScaleAdapter,  # type: ignore[arg-type]  # dbt's protocol knows no subclass's types
    credentials=MyScaleCredentials,
    include_path=myscale.PACKAGE_PATH,
    dependencies=["clickhouse_python"],
)
