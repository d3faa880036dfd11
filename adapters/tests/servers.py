"""A ClickHouse server for tests, in its own process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import myscale_standin


@contextmanager
def clickhouse_server(folder: Path, password: str) -> Iterator[int]:
    """The port of a server that keeps its data in `folder`. The user is `default`."""
    with subprocess.Popen(
        [sys.executable, "-m", "myscale_standin.clickhouse_server", str(folder), password],
        cwd=Path(myscale_standin.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate()
