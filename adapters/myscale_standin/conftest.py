"""Servers for the tests of the stand-in, one for each generation and edition, per session."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from . import MyScaleStandIn
from .client import Client

_numbers = itertools.count(1)
Servers = Callable[[int, str], Client]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Clients of servers by generation and edition. A server starts at the first request for it."""
    started: dict[tuple[int, str], Client] = {}

    def client(generation: int, edition: str) -> Client:
        if (generation, edition) not in started:
            standin = MyScaleStandIn(generation, edition)
            standin.start()
            started[generation, edition] = Client(standin)
        return started[generation, edition]

    yield client
    for found in started.values():
        found.standin.close()


@contextmanager
def _fresh(client: Client) -> Iterator[Client]:
    """Clear all faults and delays, and use a new database. Old tables slow generation 1 down."""
    client.standin.clear_faults()
    client.database = ""
    name = f"d{next(_numbers)}"
    client.run(f"CREATE DATABASE {name}")
    client.database = name
    yield client
    client.standin.clear_faults()
    client.database = ""
    client.run(f"DROP DATABASE {name}")


@pytest.fixture(params=[1, 2], ids=["generation1", "generation2"])
def server(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Client]:
    """An open-source MyScaleDB of each generation."""
    with _fresh(servers(request.param, "oss")) as client:
        yield client


@pytest.fixture
def cloud(servers: Servers) -> Iterator[Client]:
    """A MyScale Cloud. The editions differ in the same way in both generations."""
    with _fresh(servers(2, "cloud")) as client:
        yield client


@pytest.fixture
def old(servers: Servers) -> Iterator[Client]:
    """Generation 1, open source."""
    with _fresh(servers(1, "oss")) as client:
        yield client


@pytest.fixture
def new(servers: Servers) -> Iterator[Client]:
    """Generation 2, open source."""
    with _fresh(servers(2, "oss")) as client:
        yield client


@pytest.fixture
def name() -> str:
    """A table name that no other test uses."""
    return f"t{next(_numbers)}"


COLUMNS = "id UInt32, kind String, v Array(Float32), CONSTRAINT size CHECK length(v) = 3"
ENGINE = "ENGINE = MergeTree ORDER BY id"
ROWS = "(1, 'a', [1, 0, 0]), (2, 'b', [0, 2, 0]), (3, 'a', [3, 4, 0])"


@pytest.fixture
def table(server: Client, name: str) -> str:
    """A table of three vectors in one part, without an index."""
    server.run(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE}")
    server.run(f"INSERT INTO {name} VALUES {ROWS}")
    return name


@pytest.fixture
def indexed(server: Client, table: str) -> str:
    """The same table with the Cosine index ``vi``, which is built."""
    server.run(f"ALTER TABLE {table} ADD VECTOR INDEX vi v TYPE SCANN('metric_type=Cosine')")
    assert status(server, table) == "Built"
    return table


def status(client: Client, table: str) -> str:
    """The status of the only index of a table."""
    found = client.rows(f"SELECT status FROM system.vector_indices WHERE table = '{table}'")
    assert len(found) == 1
    return str(found[0][0])
