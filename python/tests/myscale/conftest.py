"""One server per variant. It starts when a test first needs it, and holds the sample."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from demo import Demo
from myscale.warehouse import Variant, Warehouse, environment, real_server
from myscale_standin import MyScaleStandIn
from warm_project import DbtProcess

Warehouses = Callable[[Variant], Warehouse]


@pytest.fixture(scope="session")
def warehouses(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouses]:
    started: dict[Variant, Warehouse] = {}
    with ExitStack() as stack:

        def warehouse(variant: Variant) -> Warehouse:
            if variant not in started:
                folder = tmp_path_factory.mktemp("myscale")
                started[variant] = _start(variant, folder, demo, stack)
            return started[variant]

        yield warehouse


def _start(variant: Variant, folder: Path, demo: Demo, stack: ExitStack) -> Warehouse:
    (folder / "data").mkdir()
    for file in demo.data.glob("*.parquet"):
        shutil.copy(file, folder / "data")
    dbt = DbtProcess(folder)
    faults = None
    if variant.standin:
        faults = stack.enter_context(
            MyScaleStandIn(variant.generation, variant.edition, variant.tls, password="secret")
        )
        faults.clear_faults()
        dbt.environment.update(environment(variant, faults))
    everything = pq.read_table(demo.data / "photos.parquet")
    warehouse = Warehouse(variant, folder / "data", everything, dbt, faults)
    warehouse.load().check()
    return warehouse


@pytest.fixture(scope="session")
def standins(warehouses: Warehouses) -> Warehouses:
    """Servers that fail when a test says so. A real server cannot."""
    if real_server():
        pytest.skip("needs a server that fails on demand")
    return warehouses


@pytest.fixture(scope="session")
def built(standins: Warehouses) -> Warehouse:
    """A built database on open-source MyScale 2."""
    warehouse = standins(Variant(2, "oss"))
    warehouse.run("run", "--select", "+photos").check()
    return warehouse


@pytest.fixture
def server(myscale: Warehouse) -> Iterator[MyScaleStandIn]:
    """The server of `myscale`, without faults before and after the test."""
    assert myscale.faults is not None
    myscale.faults.clear_faults()
    yield myscale.faults
    myscale.faults.clear_faults()
