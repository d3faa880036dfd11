"""Run dbt commands one after another in a process that stays, because importing dbt takes seconds.

Each command closes the database that it used.
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
    """What a command printed, and whether it succeeded."""

    exit_code: int
    output: str

    def check(self) -> "Outcome":
        assert self.exit_code == 0, self.output
        return self


def call(
    work: Callable[..., Result], *arguments: Any, folder: Path, environment: Mapping[str, str]
) -> Result:
    """What a function of a module returns in the warm process, with `folder` as current folder."""
    return _warm_process().submit(_within, folder, environment, work, *arguments).result()


def run_dbt(arguments: list[str]) -> Outcome:
    """Run `dbt` in this process."""
    from dbt.cli.main import dbtRunner

    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        result = dbtRunner().invoke(arguments)
    return Outcome(0 if result.success else 1, f"{printed.getvalue()}{result.exception or ''}")


def make_dbt_quick() -> None:
    """Make dbt cache what it would otherwise compute again for each command.

    dbt's own tests also cache the parsed text of macros. To find the source of a flag, dbt looks at
    all modules for every frame of the stack. It only prints that source in a warning.
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
    gc.freeze()  # imported modules stay, so the collector can skip them
    gc.set_threshold(200_000, 20, 100)  # a manifest has many objects, and most of them stay


def _within(
    folder: Path,
    environment: Mapping[str, str],
    work: Callable[..., Result],
    *arguments: Any,
) -> Result:
    from dbt.adapters.clickhouse import dbclient

    dbclient._ensured_databases.clear()  # the names are those of the last server
    os.chdir(folder)
    with patch.dict(os.environ, environment, clear=True):
        return work(*arguments)
