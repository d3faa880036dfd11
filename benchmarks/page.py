"""The search page under load: 1,000 requests from 8 clients, on what `make demo` built.

python benchmarks/page.py
"""

import http.client
import itertools
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

CLIENTS, REQUESTS = 8, 1_000
SETTINGS = ("", "?top_k=24", "?orientation=landscape", "?exact=1", "?country=Norge&top_k=48")


def main() -> None:
    with serving() as (address, pid):
        measure(urlsplit(address).netloc, pid)


@contextmanager
def serving() -> Iterator[tuple[str, int]]:
    """The address and the process of a running search page."""
    command = [str(Path(sys.executable).with_name("photo-search")), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().split()[5], server.pid
        finally:
            server.terminate()


def measure(netloc: str, pid: int) -> None:
    paths = some_paths(netloc)
    run(netloc, paths[:200])  # every worker has its own connection and templates
    alone = run_one_by_one(netloc, paths[:100])
    before = memory_mb(pid)
    started = time.perf_counter()
    took = run(netloc, paths)
    seconds = time.perf_counter() - started
    after = memory_mb(pid)
    run(netloc, paths)
    memory = f"{before:.0f} MB before, {after:.0f} MB after, {memory_mb(pid):.0f} MB after as many"
    print(f"one visitor     page without its query: {describe(alone)}")
    print(f"{CLIENTS} visitors      {REQUESTS / seconds:.0f} pages a second, each {describe(took)}")
    print(f"errors          0 of {REQUESTS}")
    print(f"memory          {memory}")


def some_paths(netloc: str) -> list[str]:
    """Pages of many photos, with many settings."""
    connection = http.client.HTTPConnection(netloc)
    photos = set(re.findall(r"/photo/[\w-]+", get(connection, "/")[1]))
    for path in sorted(photos):
        photos |= set(re.findall(r"/photo/[\w-]+", get(connection, f"{path}?top_k=96")[1]))
    pairs = itertools.product(SETTINGS, sorted(photos))
    return [path + setting for setting, path in itertools.islice(itertools.cycle(pairs), REQUESTS)]


def run(netloc: str, paths: list[str]) -> list[float]:
    """Milliseconds that a visitor waits for each request."""

    def visitor(number: int) -> list[float]:
        connection, took = http.client.HTTPConnection(netloc), []
        for path in paths[number::CLIENTS]:
            started = time.perf_counter()
            get(connection, path)
            took.append(1000 * (time.perf_counter() - started))
        return took

    with ThreadPoolExecutor(CLIENTS) as visitors:
        return [ms for each in visitors.map(visitor, range(CLIENTS)) for ms in each]


def run_one_by_one(netloc: str, paths: list[str]) -> list[float]:
    """Milliseconds that the server spent on each page outside the query that it shows."""
    connection = http.client.HTTPConnection(netloc)
    timings = [get(connection, path)[0] for path in paths]
    return [timing["page"] - timing["query"] for timing in timings]


def get(connection: http.client.HTTPConnection, path: str) -> tuple[dict[str, float], str]:
    connection.request("GET", path)
    response = connection.getresponse()
    text = response.read().decode()
    assert response.status == 200, f"{path}: {response.status}"
    timing = ", ".join(response.headers.get_all("Server-Timing", []))
    return {name: float(ms) for name, ms in re.findall(r"(\w+);dur=([\d.]+)", timing)}, text


def describe(milliseconds: list[float]) -> str:
    percentiles = statistics.quantiles(milliseconds, n=100)
    return f"{percentiles[49]:.0f} ms (median), {percentiles[94]:.0f} ms (95 %)"


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


if __name__ == "__main__":
    main()
