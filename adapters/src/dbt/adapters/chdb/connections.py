"""Run dbt-clickhouse on chDB, in this process, without a server."""

import fcntl
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.exceptions import Error as ClientError
from dbt.adapters.clickhouse.connections import ClickHouseConnectionManager
from dbt.adapters.clickhouse.credentials import ClickHouseCredentials
from dbt.adapters.clickhouse.httpclient import ChHttpClient
from dbt.adapters.contracts.connection import AdapterRequiredConfig, Connection, ConnectionState
from dbt.adapters.exceptions.connection import FailedToConnectError
from dbt.flags import get_flags


@dataclass
class ChdbCredentials(ClickHouseCredentials):
    """A directory instead of a host. All other settings are those of dbt-clickhouse."""

    chdb_path: str = "data/chdb"
    check_exchange: bool = False  # chDB can exchange tables; a killed check leaves its own

    @property
    def type(self) -> str:
        return "chdb"

    @property
    def unique_field(self) -> str:
        return self.chdb_path

    def _connection_keys(self) -> tuple[str, ...]:
        return ("chdb_path", "schema", "custom_settings")

    @property
    def directory(self) -> str:
        """The engine's directory, spelled the same for every connection of a process."""
        return os.path.realpath(self.chdb_path)


class ChdbClient(ChHttpClient):
    """dbt-clickhouse's client on the embedded engine instead of HTTP."""

    def _create_client(self, credentials: ChdbCredentials) -> Any:  # type: ignore[override]
        """Raise FailedToConnectError, which says what is wrong and what to do."""
        path = Path(credentials.directory)
        _check_name(path)
        try:
            with suppress(FileExistsError):
                path.mkdir(parents=True)
            with tempfile.TemporaryFile(dir=path):
                pass
        except OSError as error:
            raise FailedToConnectError(
                f"chDB cannot write to its directory {path} ({error.strerror}). "
                "Make it writable, or set `chdb_path` in profiles.yml to another directory."
            ) from error
        try:
            return clickhouse_connect.get_client(
                interface="chdb", path=str(path), settings=self._conn_settings, query_limit=0
            )
        except ClientError as error:
            raise FailedToConnectError(_why_it_did_not_open(path, error)) from error


class ChdbConnectionManager(ClickHouseConnectionManager):
    TYPE = "chdb"

    def __init__(self, profile: AdapterRequiredConfig, mp_context: SpawnContext) -> None:
        """A relative `chdb_path` starts at the project folder, wherever the command was started."""
        # `dbt debug` gives a profile without a project. Its flags have the project's folder.
        project = getattr(profile, "project_root", None) or get_flags().PROJECT_DIR  # type: ignore[no-untyped-call]
        credentials = profile.credentials
        assert isinstance(credentials, ChdbCredentials)
        credentials.chdb_path = os.path.abspath(os.path.join(project, credentials.chdb_path))
        super().__init__(profile, mp_context)

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        if connection.state != ConnectionState.OPEN:
            connection.handle = ChdbClient(connection.credentials)
            connection.state = ConnectionState.OPEN
        return connection


def _check_name(path: Path) -> None:
    """Raise FailedToConnectError for a name that chDB would change to that of another directory."""
    if "?" in str(path) or str(path) != str(path).strip():
        raise FailedToConnectError(
            f"chDB cannot open the directory {str(path)!r}: it cuts a name at ? and drops "
            "spaces around it. Set `chdb_path` in profiles.yml to a directory without these."
        )


def _why_it_did_not_open(path: Path, error: ClientError) -> str:
    if already_open := re.search(r"already initialized with path '(.+?)'", str(error)):
        return (
            f"chDB cannot open its directory {path}: this process has {already_open[1]} open, and "
            "the engine serves one directory at a time. Use one process for each."
        )
    if holder := _process_that_holds(path):
        return (
            f"chDB's directory {path} is open in another process ({holder}), and the engine "
            "serves one process at a time. Wait for it to finish, or stop it, then run this again."
        )
    return (
        f"chDB cannot read its directory {path}: it is damaged, or not a chDB directory. "
        "Move it away, load the data again and build again. "
        "The engine's own message above says what it could not read."
    )


def _process_that_holds(path: Path) -> str | None:
    """The process that has locked ClickHouse's `status` file, which a running engine does."""
    try:
        with (path / "status").open(errors="replace") as status:
            try:
                fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = re.search(r"PID: (\d+)", status.read())
                return f"pid {pid[1]}" if pid else "its pid is not known"
    except OSError:
        return None  # no such file, or not readable: no engine runs here
    return None
