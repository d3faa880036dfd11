"""The package in a small project, on every engine. The project's own tests come first."""

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from myscale_standin import MyScaleStandIn
from servers import clickhouse_server
from warm_dbt import Outcome, call, run_dbt

HERE = Path(__file__).parent
PACKAGE = HERE.parent
Row = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """A copy of the integration project on one engine."""

    engine: str
    folder: Path
    variables: dict[str, str]

    def run(self, *arguments: str, **variables: str) -> Outcome:
        """Run `dbt` on this engine. `variables` are its environment for this command only."""
        target = [] if "--target" in arguments else ["--target", self.engine]
        return call(
            run_dbt,
            [*arguments, *target],
            folder=self.folder,
            environment=os.environ | self.variables | variables,
        )

    def rows(self, sql: str) -> list[Row]:
        """The rows of a select statement."""
        shown = self.run("--quiet", "show", "--inline", sql, "--limit", "-1", "--output", "json")
        rows: list[Row] = json.loads(shown.check().output)["show"]
        return rows

    def value(self, sql: str) -> Any:
        """The single value of a select statement."""
        [row] = self.rows(sql)
        [value] = row.values()
        return value

    def execute(self, *statements: str) -> None:
        """Run statements that dbt does not know of."""
        for sql in statements:
            self.run("run-operation", "run_statement", "--args", json.dumps({"sql": sql})).check()

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def write_seed(self, name: str, change: Callable[[list[Row]], list[Row]] = list) -> None:
        """Write a seed as the repository has it, after a change."""
        file = f"seeds/{name}.csv"
        with (HERE / file).open(newline="") as original:
            rows = change([*csv.DictReader(original)])
        with (self.folder / file).open("w", newline="") as copy:
            writer = csv.DictWriter(copy, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def new_shop(engine: str, folder: Path, **variables: str) -> Shop:
    """A copy of the project in `folder`."""
    copied = shutil.ignore_patterns("dbt_packages", "target", "logs", "data", "*.py", "__pycache__")
    shutil.copytree(HERE, folder, ignore=copied, dirs_exist_ok=True)
    (folder / "dbt_packages").mkdir()
    (folder / "dbt_packages" / "vector_search").symlink_to(PACKAGE)
    settings = {
        "DBT_PROFILES_DIR": str(folder),
        "DBT_PROJECT_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_USE_COLORS": "false",
        "NO_COLOR": "1",
        "CHDB_PATH": str(folder / "chdb"),
    }
    return Shop(engine, folder, settings | variables)


def myscale_variables(server: MyScaleStandIn, edition: str) -> dict[str, str]:
    return {
        "MYSCALE_HOST": server.host,
        "MYSCALE_PORT": str(server.port),
        "MYSCALE_SECURE": "false",
        "MYSCALE_USER": server.user,
        "MYSCALE_EDITION": edition,
        "DBT_ENV_SECRET_MYSCALE_PASSWORD": server.password,
    }


ENGINES = ["chdb", "clickhouse", "myscale 1", "myscale 2"]


@pytest.fixture(scope="module", params=ENGINES)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """The project on one engine, not yet built."""
    folder = tmp_path_factory.mktemp("shop")
    engine, _, generation = request.param.partition(" ")
    with ExitStack() as stack:
        variables = {}
        if engine == "clickhouse":
            (folder / "server").mkdir()
            port = stack.enter_context(clickhouse_server(folder / "server", "secret"))
            variables = {
                "CLICKHOUSE_HOST": "127.0.0.1",
                "CLICKHOUSE_PORT": str(port),
                "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD": "secret",
            }
        elif engine == "myscale":
            edition = "cloud" if generation == "2" else "oss"
            server = stack.enter_context(MyScaleStandIn(int(generation), edition))
            variables = myscale_variables(server, edition)
        yield new_shop(engine, folder / "project", **variables)


def test_every_test_of_the_project_passes(shop: Shop) -> None:
    shop.run("--warn-error", "build").check()
