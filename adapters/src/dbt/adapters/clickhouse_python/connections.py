"""Connect to a ClickHouse server, always over HTTP, which carries Arrow."""

from dataclasses import dataclass

from dbt.adapters.clickhouse.connections import ClickHouseConnectionManager
from dbt.adapters.clickhouse.credentials import ClickHouseCredentials


@dataclass
class ClickHousePythonCredentials(ClickHouseCredentials):
    """The settings of dbt-clickhouse, with the same meanings."""

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[no-untyped-call]
        self.driver = "http"

    @property
    def type(self) -> str:
        return "clickhouse_python"


class ClickHousePythonConnectionManager(ClickHouseConnectionManager):
    TYPE = "clickhouse_python"
