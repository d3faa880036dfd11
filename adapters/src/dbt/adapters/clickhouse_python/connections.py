"""Reach a ClickHouse server as dbt-clickhouse does, always over HTTP, which carries Arrow."""

from dataclasses import dataclass

from dbt.adapters.clickhouse.connections import ClickHouseConnectionManager
from dbt.adapters.clickhouse.credentials import ClickHouseCredentials


@dataclass
class ClickHousePythonCredentials(ClickHouseCredentials):
    """dbt-clickhouse's settings, each with its meaning."""

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[no-untyped-call]
        self.driver = "http"

    @property
    def type(self) -> str:
        return "clickhouse_python"


class ClickHousePythonConnectionManager(ClickHouseConnectionManager):
    TYPE = "clickhouse_python"
