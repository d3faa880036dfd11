"""What an operation prints when the reader of its output has gone."""

import os
import subprocess
import sys

import pytest

PRINT = """
import sys
import agate
from dbt.adapters.clickhouse_python.impl import ClickHouse_PythonAdapter

rows = agate.Table([[str(number)] for number in range(20_000)], ["id"])
ClickHouse_PythonAdapter.print_rows(None, rows, sys.argv[1])
print("dbt says that it is done", flush=True)
"""


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_a_reader_that_closes_the_pipe_ends_an_answer_quietly(output: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", PRINT, output]
    printed = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (printed.returncode, printed.stderr) == (0, "")
