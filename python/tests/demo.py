"""The demo, as an object for tests: a built database and the files it was built from."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from photo_search.warehouse import Project
from warm_project import REPOSITORY, DbtProcess


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
        """A copy that one test may damage."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Demo(folder, DbtProcess(folder))
