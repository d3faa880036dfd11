"""The messages that a user reads when chDB's directory cannot be opened. Each case uses new
processes.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from project import Project

OPEN = """
import sys
from dbt.adapters.chdb.connections import ChdbClient, ChdbCredentials
from dbt.adapters.exceptions import FailedToConnectError

try:
    clients = [ChdbClient(ChdbCredentials("", "small", chdb_path=p)) for p in sys.argv[1:]]
except FailedToConnectError as error:
    sys.exit(error.msg)
clients[0].command("create table if not exists kept (n Int32) order by n")
print(clients[0].query("select sum(n) from kept").result_set[0][0], flush=True)
clients[0].command("insert into kept values (1)")
print("open", flush=True)
sys.stdin.read()
"""


def attempt(*paths: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Open each path in turn in one process, as the adapter does, and close it."""
    command = [sys.executable, "-c", OPEN, *map(str, paths)]
    env = os.environ | environment
    return subprocess.run(command, input="", capture_output=True, text=True, timeout=120, env=env)


@contextmanager
def held_open(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that keeps the path open until the test ends it."""
    command = [sys.executable, "-c", OPEN, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert [next(holder.stdout), next(holder.stdout)][1] == "open\n"
        yield holder


@pytest.mark.parametrize("zone", ["CST-8", "UTC+3"])
def test_chdb_opens_in_a_time_zone_that_the_engine_does_not_know(tmp_path: Path, zone: str) -> None:
    opened = attempt(tmp_path, TZ=zone)
    assert (opened.stdout, opened.stderr) == ("0\nopen\n", "")


def test_a_second_process_gets_the_path_and_the_pid_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "chdb"
    with held_open(path) as holder:
        second = attempt(path)
    assert second.returncode == 1
    assert second.stderr.splitlines()[-1] == (
        f"chDB's directory {path} is open in another process (pid {holder.pid}), and the engine "
        "serves one process at a time. Wait for it to finish, or stop it, then run this again."
    )


def test_a_killed_process_leaves_no_lock_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "chdb"
    with held_open(path) as holder:
        holder.send_signal(signal.SIGKILL)
    assert attempt(path).stdout == "1\nopen\n"


def test_the_message_names_a_directory_that_cannot_be_written_and_says_why(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        path = Path("/sys/small")  # a folder where not even root can write
    else:
        path = tmp_path / "chdb"
        path.mkdir(mode=0o500)
    refused = attempt(path)
    assert refused.returncode == 1
    assert f"chDB cannot write to its directory {path} (" in refused.stderr
    assert "not permitted" in refused.stderr or "denied" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("below", ["", "chdb"])
def test_the_message_names_a_path_that_is_a_file_or_is_below_one(
    tmp_path: Path, below: str
) -> None:
    (tmp_path / "a_file").write_text("not a directory")
    path = tmp_path / "a_file" / below
    refused = attempt(path)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"chDB cannot write to its directory {path} (Not a directory). "
        "Make it writable, or set `chdb_path` in profiles.yml to another directory.\n"
    )


@pytest.mark.parametrize("name", ["chdb?mode=ro", "chdb "])
def test_a_name_that_the_engine_would_change_is_refused(tmp_path: Path, name: str) -> None:
    refused = attempt(tmp_path / name)
    assert refused.returncode == 1
    assert f"chDB cannot open the directory '{tmp_path / name}'" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_unusual_characters_in_its_name_is_opened(tmp_path: Path) -> None:
    assert attempt(tmp_path / "a{1} * [b] 'c' % # ; кот").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a{1} * [b] 'c' % # ; кот"]


def test_the_message_calls_a_damaged_directory_damaged_and_not_in_use(tmp_path: Path) -> None:
    path = tmp_path / "chdb"
    assert attempt(path).returncode == 0
    (path / "metadata" / "small.sql").write_text("no longer SQL")
    refused = attempt(path)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        f"chDB cannot read its directory {path}: it is damaged, or not a chDB directory. "
        "Move it away, load the data again and build again. "
        "The engine's own message above says what it could not read."
    )
    assert "metadata/small.sql" in refused.stderr


def test_a_process_cannot_open_a_second_directory(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    refused = attempt(first, second)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        f"chDB cannot open its directory {second}: this process has {first} open, and "
        "the engine serves one directory at a time. Use one process for each."
    )


@pytest.mark.parametrize("command", ["debug", "run"])
def test_dbt_shows_the_message_once_and_no_traceback(tmp_path: Path, command: str) -> None:
    path = tmp_path / "chdb"
    models = {"models/one.sql": "select 1 as n"}
    project = Project(tmp_path, {"type": "chdb", "chdb_path": str(path)}, models)
    with held_open(path):
        refused = project.cold(command)
    assert refused.exit_code in (1, 2)
    assert refused.output.count(f"chDB's directory {path} is open in another process") == 1
    assert "Traceback" not in refused.output
