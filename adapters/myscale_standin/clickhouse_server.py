"""ClickHouse's HTTP interface in front of chDB, without MyScale's extensions.

    python -m myscale_standin.clickhouse_server FOLDER PASSWORD

Tests need a current ClickHouse server with its own vector index. PyPI has none.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import chdb
from chdb.session import Session

from .engine import Query, error_of
from .http_server import Front
from .lexer import insert_format
from .lifecycle import Faults
from .local_engine import LocalEngine, context_of, output_format


class ChdbEngine(LocalEngine):
    """The engine of this process. It runs one statement at a time.

    All clients share one session, so temporary tables are rewritten. See local_engine.py.
    """

    version = str(chdb.engine_version)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._temporary: dict[str, set[str]] = {}
        self._session = Session(str(folder / "data"))

    def _answer(self, query: Query) -> bytes | None:
        session = query.params.get("session_id", "")
        statement = self._with_temporary_tables(query.statement, session)
        if insert_format(statement) is not None:
            statement = self._data_in_file(query, statement)
        return self._run(statement.sql, context_of(query.params), output_format(query))

    def _run(self, sql: str, context: str = "", default_format: str = "TabSeparated") -> Any:
        try:
            return self._session.query(context + sql, default_format).bytes()
        except RuntimeError as error:
            raise error_of(str(error)) from error


def main() -> None:
    """Print the port, and serve until standard input closes."""
    engine = ChdbEngine(Path(sys.argv[1]))
    account = ("default", sys.argv[2])
    front = Front(0, None, account, Faults(), engine.version, engine.send, lambda *_: None)
    front.run()
    print(front.server_port, flush=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.read()
    os._exit(0)  # chDB may wait for its threads forever


if __name__ == "__main__":
    main()
