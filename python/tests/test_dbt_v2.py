"""dbt v2 reads the project, except for the list in dbt_v2_parse.txt, which may only shrink."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from warm_project import REPOSITORY

DBT = REPOSITORY / ".venv-dbt-v2" / "bin" / "dbt"
KNOWN = Path(__file__).with_name("dbt_v2_parse.txt")
PROJECT = ("dbt_project.yml", "dbt_packages", "analyses", "macros", "models", "seeds", "tests")
CLICKHOUSE = {"type": "clickhouse", "host": "localhost", "user": "default", "password": ""}
PROBLEM = re.compile(r"^\[(?:error|warning)\] \[\w+ \(\w+\)\]: (.*)(?:\n  --> ([^:\n]+))?", re.M)


@pytest.mark.skipif(not DBT.exists(), reason="dbt v2 is not installed. Run `make test-dbt-v2`.")
def test_dbt_v2_parses_the_project_except_for_what_is_on_the_list(tmp_path: Path) -> None:
    project = tmp_path / "project"  # a copy, because dbt v2 changes .gitignore
    project.mkdir()
    for name in PROJECT:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, project / name)
    output = CLICKHOUSE | {"schema": "photo_search"}
    profiles = {"photo_search": {"target": "only", "outputs": {"only": output}}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profiles))
    environment = os.environ | {
        "HOME": str(tmp_path),
        "DBT_ALLOW_EXPERIMENTAL_ADAPTERS": "true",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "NO_COLOR": "1",
        "RUST_BACKTRACE": "0",
    }
    parsed = subprocess.run(
        [DBT, "parse", "--profiles-dir", tmp_path],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    ).stdout
    assert "Finished 'parse'" in parsed, parsed
    found = {f"{path or 'project'}: {message}" for message, path in PROBLEM.findall(parsed)}
    known = {line for line in KNOWN.read_text().splitlines() if line and line[0] != "#"}
    assert not found - known, "dbt v2 could read this before"
    assert not known - found, "dbt v2 can read this now. Delete it from the list"
