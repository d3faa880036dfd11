"""dbt and photo-search as a user runs them, in a process of their own.

dbt takes seconds to import, so one warm process runs command after command, whatever the database:
chDB is closed at the end of each.
"""

import io
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    output: str

    def check(self) -> "Outcome":
        assert self.exit_code == 0, self.output
        return self


class DbtProcess:
    """Commands on the database in `folder`/data/chdb, started in the repository's root."""

    def __init__(self, folder: Path) -> None:
        self.environment = os.environ | {
            "PHOTO_SEARCH_CHDB_PATH": str(folder / "data" / "chdb"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_WRITE_JSON": "false",  # a test that reads what dbt writes down asks for it
            "NO_COLOR": "1",
            "DBT_USE_COLORS": "false",
        }

    def run(self, *arguments: str, **variables: str) -> Outcome:
        """`dbt` in the warm process; `variables` are its environment's for this command alone."""
        return self._warm(_dbt, arguments, variables)

    def load(self, *arguments: str, **variables: str) -> Outcome:
        """`photo-search load` in the warm process."""
        return self._warm(_photo_search, ("load", *arguments), variables)

    def cold(self, *arguments: str) -> Outcome:
        """`dbt` in a process of its own, from start to exit."""
        return self._command("dbt", *arguments)

    def photo_search(self, *arguments: str) -> Outcome:
        """`photo-search` in a process of its own."""
        return self._command("photo-search", *arguments)

    def start(self, command: str, *arguments: str) -> "subprocess.Popen[str]":
        """A command that the test may kill."""
        return subprocess.Popen(
            [str(Path(sys.executable).with_name(command)), *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _warm(
        self,
        command: Callable[[list[str]], Outcome],
        arguments: tuple[str, ...],
        variables: dict[str, str],
    ) -> Outcome:
        environment = self.environment | variables
        return _warm_process().submit(_within, environment, command, list(arguments)).result()

    def _command(self, command: str, *arguments: str) -> Outcome:
        with self.start(command, *arguments) as process:
            output, _ = process.communicate()
        return Outcome(process.returncode, output)


@cache
def _warm_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _get_ready)


def _get_ready() -> None:
    os.chdir(REPOSITORY)
    make_dbt_quick()


def make_dbt_quick() -> None:
    """In a process that runs many commands, do once what dbt would do again for each.

    dbt's own tests keep the parsed text of macros too. The source of a flag is looked for in all
    modules, for every frame of the stack, and is only ever printed in a warning.
    """
    import dbt.cli.main  # noqa: F401
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.tests import enable_test_caching

    enable_test_caching()
    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt")  # type: ignore[method-assign]


def _within(
    environment: dict[str, str], command: Callable[[list[str]], Outcome], arguments: list[str]
) -> Outcome:
    from dbt.adapters.clickhouse import dbclient

    dbclient._ensured_databases.clear()  # it remembers names, and the last server was another
    with patch.dict(os.environ, environment, clear=True):
        return command(arguments)


def _dbt(arguments: list[str]) -> Outcome:
    from dbt.cli.main import dbtRunner

    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        result = dbtRunner().invoke(arguments)
    return Outcome(0 if result.success else 1, f"{printed.getvalue()}{result.exception or ''}")


def _photo_search(arguments: list[str]) -> Outcome:
    from click.testing import CliRunner

    from photo_search.cli import main

    result = CliRunner().invoke(main, arguments)
    return Outcome(result.exit_code, result.output)
