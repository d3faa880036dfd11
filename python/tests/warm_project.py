"""Run dbt and photo-search on this project, as a user does, in a process that stays.

The module's name must not begin with `dbt_`: dbt imports every such module as a plugin.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import warm_dbt
from warm_dbt import Outcome, run_dbt

REPOSITORY = Path(__file__).parents[2]
Result = TypeVar("Result")


class DbtProcess:
    """Commands on the database in `folder`/data/chdb, run from the repository's root."""

    def __init__(self, folder: Path) -> None:
        self.environment = os.environ | {
            "PHOTO_SEARCH_CHDB_PATH": str(folder / "data" / "chdb"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_WRITE_JSON": "false",  # so that a test can read what dbt logs
            "DBT_LOG_LEVEL_FILE": "none",  # a tenth of the time of a build
            "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",  # see `build_and_unit_test`
            "NO_COLOR": "1",
            "DBT_USE_COLORS": "false",
        }

    def run(self, *arguments: str, **variables: str) -> Outcome:
        """Run `dbt` in the warm process. `variables` are its environment for this command only."""
        return self.call(run_dbt, [*arguments], **variables)

    def build_and_unit_test(self, *options: str) -> Outcome:
        """Run `dbt build`, which runs the unit tests as well. They need to run once per engine."""
        return self.run("--warn-error", "build", *options, DBT_EXCLUDE_RESOURCE_TYPES="")

    def load(self, *arguments: str, **variables: str) -> Outcome:
        """Run `photo-search load` in the warm process."""
        return self.call(_photo_search, ["load", *arguments], **variables)

    def embed(self, *arguments: str) -> Outcome:
        """Run `photo-search embed` in the warm process, which loads the model once."""
        return self.call(_photo_search, ["embed", *arguments])

    def export_atlas(self, *arguments: str) -> Outcome:
        """Run `photo-search export-atlas` in the warm process."""
        return self.call(_photo_search, ["export-atlas", *arguments])

    def call(self, work: Callable[..., Result], *arguments: Any, **variables: str) -> Result:
        """What a function of a module returns in the warm process, on this database."""
        environment = self.environment | variables
        return warm_dbt.call(work, *arguments, folder=REPOSITORY, environment=environment)

    def cold(self, *arguments: str) -> Outcome:
        """Run `dbt` in a new process, from start to exit."""
        return self._command("dbt", *arguments)

    def photo_search(self, *arguments: str) -> Outcome:
        """Run `photo-search` in a new process."""
        return self._command("photo-search", *arguments)

    def start(self, command: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command that the test may kill."""
        return subprocess.Popen(
            [str(Path(sys.executable).with_name(command)), *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _command(self, command: str, *arguments: str) -> Outcome:
        with self.start(command, *arguments) as process:
            output, _ = process.communicate()
        return Outcome(process.returncode, output)


def _photo_search(arguments: list[str]) -> Outcome:
    from click.testing import CliRunner

    from photo_search.cli import main

    result = CliRunner().invoke(main, arguments)
    return Outcome(result.exit_code, result.output)
