"""Connect to a MyScale cluster over HTTPS, without settings that its generation does not know."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dbt.adapters.clickhouse.connections import ClickHouseConnectionManager
from dbt.adapters.clickhouse.credentials import ClickHouseCredentials
from dbt.adapters.clickhouse.dbclient import ChRetryableException
from dbt.adapters.clickhouse.httpclient import ChHttpClient
from dbt.adapters.clickhouse.logger import logger
from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.adapters.exceptions.connection import FailedToConnectError
from dbt_common.exceptions import DbtDatabaseError, DbtRuntimeError

EDITIONS = ("cloud", "oss")

# dbt-clickhouse sends these with every request, and MyScale 1.x refuses them (Code 115). No other
# setting is dropped, so a user's setting that the server does not know is an error.
NEWER_THAN_MYSCALE_1 = ("lightweight_deletes_sync", "alter_sync")

# dbt-clickhouse sends 3, which servers before 24.x read as "do not wait".
WAIT_FOR_ALL_REPLICAS = {"mutations_sync": 2, "lightweight_deletes_sync": 2, "alter_sync": 2}


@dataclass
class MyScaleCredentials(ClickHouseCredentials):
    """The settings of dbt-clickhouse, encrypted by default, and the edition of the server."""

    port: int | None = 443
    secure: bool = True
    edition: str = "cloud"

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[no-untyped-call]
        if self.edition not in EDITIONS:
            raise DbtRuntimeError(
                f"`edition` of a myscale target must be {' or '.join(EDITIONS)}. "
                f"Got: {self.edition}"
            )
        self.driver = "http"
        self.custom_settings = WAIT_FOR_ALL_REPLICAS | (self.custom_settings or {})

    @property
    def type(self) -> str:
        return "myscale"

    def _connection_keys(self) -> tuple[str, ...]:
        return (*super()._connection_keys(), "edition")  # type: ignore[no-untyped-call]


class MyScaleClient(ChHttpClient):
    """dbt-clickhouse's client. It sends a newer setting only if the server knows it."""

    def _create_client(self, credentials: MyScaleCredentials) -> Any:  # type: ignore[override]
        newer = {
            name: self._conn_settings.pop(name)
            for name in NEWER_THAN_MYSCALE_1
            if name in self._conn_settings
        }
        client = super()._create_client(credentials)  # type: ignore[no-untyped-call]
        for name, value in newer.items():
            if name in client.server_settings:
                client.set_client_setting(name, value)
        return client

    def query(self, sql: str, **kwargs: Any) -> Any:
        with _edition_explained():
            return super().query(sql, **kwargs)  # type: ignore[no-untyped-call]

    def command(self, sql: str, **kwargs: Any) -> Any:
        with _edition_explained():
            return super().command(sql, **kwargs)  # type: ignore[no-untyped-call]


@contextmanager
def _edition_explained() -> Iterator[None]:
    """Say what to do when an open-source server gets the index type of the cloud."""
    try:
        yield
    except DbtDatabaseError as error:
        if "Unknown index type for Float32 Vector: MSTG" not in str(error):
            raise
        raise DbtDatabaseError(
            "This server is open-source MyScaleDB, which has no MSTG index: use SCANN. Set "
            f"`edition: oss` for the target in profiles.yml. It says: {error.msg}"
        ) from error


class MyScaleConnectionManager(ClickHouseConnectionManager):
    TYPE = "myscale"

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        if connection.state == ConnectionState.OPEN:
            return connection
        credentials = connection.credentials

        def connect() -> Any:
            return MyScaleClient(credentials)

        try:
            return cls.retry_connection(
                connection,
                connect=connect,
                logger=logger,
                retry_limit=credentials.retries,
                retryable_exceptions=[ChRetryableException],
            )
        except FailedToConnectError as error:
            scheme = "https" if credentials.secure else "http"
            raise FailedToConnectError(
                f"No MyScale answers at {scheme}://{credentials.host}:{credentials.port} "
                f"for the user {credentials.user}. Check `host`, `port`, `user` and `password` of "
                "the target in profiles.yml, that the server runs, and "
                f"that its certificate is one this machine trusts. It says: {error}"
            ) from error
