"""Engines and commands in their own processes, and what they cost."""

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_bench.machine import peak_bytes

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


@dataclass(frozen=True)
class Answer:
    """What a method of an engine returned, its seconds, and the peak memory so far."""

    value: Any
    seconds: float
    peak_bytes: int


class RemoteEngine:
    """An engine of `search_bench.engines`, started by `python`, with its database in `work`."""

    def __init__(self, name: str, python: Path, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.process = subprocess.Popen(
            [python, "-m", "search_bench.worker", name, work],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(work),
        )

    def call(self, method: str, *arguments: Any) -> Answer:
        """Call a method. Raises RuntimeError if the engine fails. Its traceback is on standard
        error.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([method, *arguments]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} failed in {method}()")
        return Answer(**json.loads(line))

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@dataclass(frozen=True)
class Cost:
    """The costs of one command: seconds, processor seconds and peak memory."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def run(command: Sequence[str | Path], work: Path) -> Cost:
    """Run a command of this environment on the database in `work`. Raises if it fails."""
    with (work.with_suffix(".out")).open("ab") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=ROOT, env=environment(work)
        )
        ended, peak = 0, 0
        while not ended:
            peak = max(peak, peak_bytes(process.pid))
            time.sleep(0.01)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output.name)
    seconds = time.perf_counter() - started
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)


def environment(work: Path) -> dict[str, str]:
    """Variables with which commands find this project, its tools and search_bench, for one
    database.
    """
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(BENCHMARKS),
        "PHOTO_SEARCH_CHDB_PATH": str(work),
        "DBT_TARGET_PATH": str(work.with_suffix(".target")),
        "DBT_LOG_PATH": str(work.with_suffix(".log")),
    }


def peers_python(cache: Path) -> Path:
    """The Python of the environment of the other engines. The first call makes it."""
    folder = cache / "peers"
    requirements = BENCHMARKS / "requirements-search.txt"
    ready = folder / "requirements.txt"
    python = folder / "bin" / "python"
    if not ready.exists() or ready.read_text() != requirements.read_text():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        ready.write_text(requirements.read_text())
    return python
