"""A MyScale server, its dbt target and the files that fill it, as one thing that tests hold."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dbt_process import DbtProcess, Outcome
from myscale_standin import MyScaleStandIn

TARGET = "H2YYHXTXg_1"
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Variant:
    """Which server; `standin` is false for one that the environment names."""

    generation: int
    edition: str
    tls: bool = False
    standin: bool = True

    def __str__(self) -> str:
        name = f"generation {self.generation}, {self.edition}{', TLS' if self.tls else ''}"
        return name if self.standin else "MYSCALE_HOST"


@dataclass(frozen=True)
class Warehouse:
    """dbt and photo-search on one server; `data` is a copy that a test may change."""

    variant: Variant
    data: Path
    dbt: DbtProcess
    faults: MyScaleStandIn | None = None
    everything: pa.Table = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "everything", pq.read_table(self.data / "photos.parquet"))

    def run(self, command: str, *arguments: str) -> Outcome:
        return self.dbt.run(command, "--target", "myscale", *arguments)

    def load(self) -> Outcome:
        return self.dbt.photo_search("load", "--target", "myscale", "--data", str(self.data))

    def ask(self, question: str, **arguments: Any) -> Rows:
        asked = self.dbt.run(
            *("--quiet", "run-operation", question, "--target", "myscale"),
            *("--args", json.dumps(arguments | {"output": "json"})),
        )
        rows: Rows = json.loads(asked.check().output)
        return rows

    def value(self, sql: str) -> Any:
        """The one value of one row."""
        shown = self.dbt.run(
            *("--quiet", "show", "--target", "myscale", "--inline", sql),
            *("--limit", "-1", "--output", "json"),
        )
        [row] = json.loads(shown.check().output)["show"]
        [only] = row.values()
        return only

    def tables(self) -> str:
        """Names of all tables, in order, in one line."""
        return str(
            self.value(
                "select arrayStringConcat(arraySort(groupArray(concat(database, '.', name))), ' ') "
                "from system.tables where database like 'photo_search%'"
            )
        )

    def uuid(self) -> str:
        return str(
            self.value(
                "select toString(uuid) from system.tables "
                "where database = 'photo_search' and name = 'photos'"
            )
        )

    def rewrite_photos(self, change: Callable[[pa.Table], pa.Table]) -> None:
        """Write photos.parquet anew, from all photos of the sample, and load it."""
        pq.write_table(change(self.everything), self.data / "photos.parquet")
        self.load().check()


def environment(variant: Variant, faults: MyScaleStandIn) -> dict[str, str]:
    """What a user would export."""
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
    """The server that MYSCALE_HOST and the other variables name, if they do."""
    if "MYSCALE_HOST" not in os.environ:
        return None
    return Variant(2, os.environ.get("MYSCALE_EDITION", "cloud"), standin=False)
