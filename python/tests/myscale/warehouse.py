"""A MyScale server, its dbt target and its files, as one object for tests."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import clickhouse_connect
import pyarrow as pa
import pyarrow.parquet as pq
from clickhouse_connect.driver.client import Client

from myscale_standin import MyScaleStandIn
from warm_project import DbtProcess, Outcome

TARGET = "H2YYHXTXg_1"
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Variant:
    """A server to test. `standin` is false if the environment names it."""

    generation: int
    edition: str
    tls: bool = False
    standin: bool = True

    def __str__(self) -> str:
        name = f"generation {self.generation}, {self.edition}{', TLS' if self.tls else ''}"
        return name if self.standin else "MYSCALE_HOST"


@dataclass(frozen=True)
class Warehouse:
    """dbt and photo-search on one server. `data` is a copy that a test may change."""

    variant: Variant
    data: Path
    everything: pa.Table
    dbt: DbtProcess
    faults: MyScaleStandIn | None = None

    @cached_property
    def client(self) -> Client:
        """A second connection beside that of dbt."""
        variables = self.dbt.environment
        return clickhouse_connect.get_client(
            host=variables["MYSCALE_HOST"],
            port=int(variables.get("MYSCALE_PORT", "443")),
            username=variables["MYSCALE_USER"],
            password=variables["DBT_ENV_SECRET_MYSCALE_PASSWORD"],
            secure=variables.get("MYSCALE_SECURE", "true") == "true",
            ca_cert=variables.get("SSL_CERT_FILE"),
            autogenerate_session_id=False,
        )

    def run(self, command: str, *arguments: str) -> Outcome:
        return self.dbt.run(command, "--target", "myscale", *arguments)

    def load(self) -> Outcome:
        return self.dbt.load("--target", "myscale", "--data", str(self.data))

    def ask(self, question: str, **arguments: Any) -> Rows:
        asked = self.dbt.run(
            *("--quiet", "run-operation", question, "--target", "myscale"),
            *("--args", json.dumps(arguments | {"output": "json"})),
        )
        rows: Rows = json.loads(asked.check().output)
        return rows

    def tables(self) -> list[str]:
        """The names of all tables, in order."""
        listed = self.client.query(
            "select concat(database, '.', name) from system.tables "
            "where database like 'photo_search%' order by 1"
        )
        return [name for (name,) in listed.result_rows]

    def uuid(self) -> str:
        return str(
            self.client.command(
                "select toString(uuid) from system.tables "
                "where database = 'photo_search' and name = 'photos'"
            )
        )

    def status(self) -> str:
        """What the server says about its only vector index."""
        listed = self.client.query(
            "select status from system.vector_indices where database = 'photo_search'"
        )
        [(status,)] = listed.result_rows
        return str(status)

    def rewrite_photos(self, change: Callable[[pa.Table], pa.Table]) -> None:
        """Write photos.parquet from all photos of the sample, and load it."""
        pq.write_table(change(self.everything), self.data / "photos.parquet")
        self.load().check()


def environment(variant: Variant, faults: MyScaleStandIn) -> dict[str, str]:
    """The environment variables that a user would export."""
    secure = {"SSL_CERT_FILE": str(faults.ca_certificate)} if variant.tls else {}
    return secure | {
        "MYSCALE_HOST": faults.host,
        "MYSCALE_PORT": str(faults.port),
        "MYSCALE_SECURE": str(variant.tls).lower(),
        "MYSCALE_USER": faults.user,
        "DBT_ENV_SECRET_MYSCALE_PASSWORD": faults.password,
        "MYSCALE_EDITION": variant.edition,
    }


def real_server() -> Variant | None:
    """The server in MYSCALE_HOST and the other variables, if they are set."""
    if "MYSCALE_HOST" not in os.environ:
        return None
    return Variant(2, os.environ.get("MYSCALE_EDITION", "cloud"), standin=False)
