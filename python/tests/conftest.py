"""The demo, made once per worker: sample photos → Parquet → chDB → `dbt build`, in a folder of its own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dbt_process import DbtProcess

from photo_search.warehouse.project import Project

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Demo:
    """A built database and the files it was built from."""

    folder: Path
    dbt: DbtProcess

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def project(self) -> Project:
        return Project(REPOSITORY)

    def copy(self, folder: Path) -> "Demo":
        """The same, to be broken by one test. The engine must be closed meanwhile."""
        self.dbt.stop()
        shutil.copytree(self.folder, folder, symlinks=True)
        return Demo(folder, DbtProcess(folder))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    dbt = DbtProcess(folder)
    dbt.photo_search("embed", "--sample", "--out", str(folder / "data")).check()
    dbt.photo_search("load", "--data", str(folder / "data")).check()
    dbt.run("build").check()
    yield Demo(folder, dbt)
    dbt.stop()


@pytest.fixture
def broken(demo: Demo, tmp_path: Path) -> Iterator[Demo]:
    """A copy of the demo for a test that damages it."""
    copy = demo.copy(tmp_path / "demo")
    yield copy
    copy.dbt.stop()
