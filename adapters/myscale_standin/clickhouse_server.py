"""ClickHouse's HTTP interface in front of chDB: `python -m myscale.clickhouse_server FOLDER`.

The target `clickhouse` needs a server with a vector_similarity index, and none is on PyPI.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import chdb
from chdb.session import Session

from myscale_standin.engine import Query, error_of
from myscale_standin.http_server import Front
from myscale_standin.lexer import insert_format
from myscale_standin.lifecycle import Faults
from myscale_standin.local_engine import LocalEngine, context_of, output_format


class ChdbEngine(LocalEngine):
    """The engine of this process; one statement at a time, and none of them rewritten."""

    version = str(chdb.engine_version)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._session = Session(str(folder / "data"))

    def _answer(self, query: Query) -> bytes | None:
        statement = query.statement
        if insert_format(statement) is not None:
            statement = self._data_in_file(query, statement)
        return self._run(statement.sql, context_of(query.params), output_format(query))

    def _run(self, sql: str, context: str = "", default_format: str = "TabSeparated") -> Any:
        try:
            return self._session.query(context + sql, default_format).bytes()
        except RuntimeError as error:
            raise error_of(str(error)) from error


def main() -> None:
    """Print the port, and serve until the pipe of standard input closes."""
    engine = ChdbEngine(Path(sys.argv[1]))
    account = ("default", "secret")
    front = Front(0, None, account, Faults(), engine.version, engine.send, lambda *_: None)
    front.run()
    print(front.server_port, flush=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.read()
    os._exit(0)  # chDB may wait for its threads for ever


if __name__ == "__main__":
    main()
