"""One database and one running server for all tests of the page.

The sample photos are embedded with a small CLIP that can read. One of them has hostile text in
every field that people can write, an id that starts with hyphens, and 100,000 different keywords.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from warm_project import DbtProcess, Outcome

LIFE = Path(__file__).with_name("life.py")


@dataclass(frozen=True)
class Site:
    """A running server, and the output of the commands that ran before it."""

    address: str
    commands: dict[str, Outcome]
    folder: Path
    dbt: DbtProcess

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def __truediv__(self, path: str) -> str:
        return self.address.rstrip("/") + path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("page")
    dbt = DbtProcess(folder)
    living = dbt.start("python", str(LIFE), str(folder))
    assert living.stdout
    printed = []
    for line in living.stdout:
        printed.append(line)
        if "The search page is at http://127.0.0.1:" in line:
            break
    else:
        pytest.fail("".join(printed))
    outcomes = json.loads(next(line for line in printed if line.startswith("{")))
    commands = {name: Outcome(*outcome) for name, outcome in outcomes.items()}
    if kept := os.environ.get("CI_ARTEFACTS"):
        os.makedirs(kept, exist_ok=True)
        for page in ("gallery.html", "changed.html"):
            shutil.copy(folder / page, kept)
    yield Site(printed[-1].split()[5], commands, folder, dbt)
    living.terminate()
    rest, _ = living.communicate(timeout=20)
    assert "Traceback" not in rest, rest
