from dbt.adapters.clickhouse.impl import ClickHouseAdapter

from dbt.adapters.chdb.connections import ChdbConnectionManager


class ChdbAdapter(ClickHouseAdapter):
    """dbt-clickhouse on an engine inside this process; only the connection differs."""

    ConnectionManager = ChdbConnectionManager
