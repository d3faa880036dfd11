"""The demo, built once: sample photos → Parquet → chDB → `dbt build`. Each worker has a copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from browser import chromium  # noqa: F401 (a fixture; Playwright starts once in a process)
from demo import Demo
from warm_project import REPOSITORY, DbtProcess


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the adapters, then MyScale: a worker that takes that last ends minutes late."""
    folders = [Path("adapters"), Path("python/tests/myscale")]

    def place(item: pytest.Item) -> int:
        file = item.path.relative_to(REPOSITORY)
        return next((n for n, folder in enumerate(folders) if file.is_relative_to(folder)), 2)

    items.sort(key=place)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demo:
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "demo of all workers"
    folder = tmp_path_factory.mktemp("demo")
    dbt = DbtProcess(folder)
    with FileLock(f"{shared}.lock"):
        if shared.exists():
            shutil.copytree(shared, folder, symlinks=True, dirs_exist_ok=True)
        else:
            dbt.photo_search("embed", "--sample", "--out", str(folder / "data")).check()
            dbt.photo_search("load", "--data", str(folder / "data")).check()
            dbt.build_and_unit_test("--threads", "4").check()
            shutil.copytree(folder, shared, symlinks=True)
    return Demo(folder, dbt)


@pytest.fixture
def broken(demo: Demo, tmp_path: Path) -> Iterator[Demo]:
    """The demo for a test that damages it. It keeps its path, so dbt need not parse it again."""
    shutil.copytree(demo.data, tmp_path / "whole", symlinks=True)
    yield demo
    shutil.rmtree(demo.data)
    (tmp_path / "whole").rename(demo.data)
