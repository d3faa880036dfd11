"""Small dbt projects for tests, each with its profile."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from warm_dbt import Outcome, call, run_dbt

NAME = "small"


class Project:
    """Write the files of a project into `folder`. Its only target has these settings."""

    def __init__(
        self,
        folder: Path,
        target: Mapping[str, Any],
        files: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "DBT_PROFILES_DIR": str(folder),
            "DBT_PROJECT_DIR": str(folder),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_WRITE_JSON": "false",  # so that a test can read what dbt logs
            "DBT_LOG_LEVEL_FILE": "none",  # a tenth of the time of a build
            "DBT_USE_COLORS": "false",
            "NO_COLOR": "1",
        }
        project = {"name": NAME, "version": "1.0.0", "profile": NAME} | settings
        outputs = {"only": {"schema": NAME, "threads": 4} | target}
        written = {
            "dbt_project.yml": json.dumps(project),
            "profiles.yml": json.dumps({NAME: {"target": "only", "outputs": outputs}}),
        }
        for name, text in (written | (files or {})).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(dedent(text).lstrip())

    def run(self, *arguments: str, **variables: str) -> Outcome:
        """Run `dbt` in the warm process. `variables` are its environment for this command only."""
        environment = self.environment | variables
        return call(run_dbt, [*arguments], folder=self.folder, environment=environment)

    def cold(self, *arguments: str) -> Outcome:
        """Run `dbt` in a new process, from start to exit."""
        ended = subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        return Outcome(ended.returncode, ended.stdout)

    def value(self, sql: str) -> Any:
        """The single value of a select statement."""
        shown = self.run("--quiet", "show", "--inline", sql, "--limit", "-1", "--output", "json")
        [row] = json.loads(shown.check().output)["show"]
        [only] = row.values()
        return only
