"""dbt in a process of its own, which runs command after command.

Importing dbt takes seconds, so the process stays. Each command closes the database that it used.
"""

import gc
import io
import multiprocessing
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and whether it worked."""

    exit_code: int
    output: str

    def check(self) -> "Outcome":
        assert self.exit_code == 0, self.output
        return self


def call(
    work: Callable[..., Result], *arguments: Any, folder: Path, environment: Mapping[str, str]
) -> Result:
    """What a function of a module returns in the warm process, started in `folder`."""
    return _warm_process().submit(_within, folder, environment, work, *arguments).result()


def run_dbt(arguments: list[str]) -> Outcome:
    """Run `dbt` in this process."""
    from dbt.cli.main import dbtRunner

    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        result = dbtRunner().invoke(arguments)
    return Outcome(0 if result.success else 1, f"{printed.getvalue()}{result.exception or ''}")


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


@cache
def _warm_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _get_ready)


def _get_ready() -> None:
    make_dbt_quick()
    gc.freeze()  # what is imported stays, so the collector need not look at it again


def _within(
    folder: Path,
    environment: Mapping[str, str],
    work: Callable[..., Result],
    *arguments: Any,
) -> Result:
    from dbt.adapters.clickhouse import dbclient

    dbclient._ensured_databases.clear()  # it remembers names, and the last server was another
    os.chdir(folder)
    with patch.dict(os.environ, environment, clear=True):
        return work(*arguments)
