"""One server per variant, started when a test first asks for it and loaded with the sample."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dbt_process import DbtProcess
from demo import Demo
from myscale.warehouse import Variant, Warehouse, environment, real_server
from myscale_standin import MyScaleStandIn

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
    stack.callback(dbt.stop)
    faults = None
    if variant.standin:
        faults = stack.enter_context(
            MyScaleStandIn(variant.generation, variant.edition, variant.tls, password="secret")
        )
        dbt.environment.update(environment(variant, faults))
    warehouse = Warehouse(variant, folder / "data", dbt, faults)
    warehouse.load().check()
    return warehouse


@pytest.fixture(scope="session")
def myscale(warehouses: Warehouses) -> Warehouse:
    """A built database on MyScale 2, open source; a stand-in that breaks on demand."""
    if real_server():
        pytest.skip("needs faults, which only the stand-in has")
    warehouse = warehouses(Variant(2, "oss"))
    warehouse.run("run", "--select", "+photos").check()
    return warehouse
