"""The demo, made once per worker: sample photos → Parquet → chDB → `dbt build`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbt_process import DbtProcess
from demo import Demo


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
