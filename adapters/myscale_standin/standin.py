"""The stand-in as a context manager, and the faults that a test can set."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from .ddl import Rules
from .dialect import Dialect
from .engine import Engine, ServerEngine
from .http_server import Front, drop_of
from .lifecycle import Faults
from .local_engine import LocalEngine


class MyScaleStandIn:
    """A strict stand-in for one MyScale server on loopback.

    ``generation`` 1 is MyScale 1.x over ClickHouse 23, 2 is MyScale 2.x over ClickHouse 24.8.
    ``edition`` is ``cloud`` (MSTG, and no SYSTEM grant) or ``oss`` (SCANN). With ``tls`` the server
    speaks HTTPS only, with a certificate for ``localhost`` and 127.0.0.1 that ``ca_certificate``
    has signed. ``background_merges`` lets generation 2 merge parts on its own.
    """

    def __init__(
        self,
        generation: int = 2,
        edition: str = "cloud",
        tls: bool = False,
        *,
        port: int = 0,
        user: str = "default",
        password: str = "",
        may_system: bool | None = None,
        background_merges: bool = False,
    ) -> None:
        if generation not in (1, 2) or edition not in ("cloud", "oss"):
            allowed = "generation must be 1 or 2, edition cloud or oss"
            raise ValueError(f"{allowed}. Got: {generation}, {edition}")
        self.faults = Faults()
        self.host = "localhost" if tls else "127.0.0.1"
        self.user, self.password = user, password
        self._tls = tls
        self._engine: Engine = ServerEngine(background_merges) if generation == 2 else LocalEngine()
        may = edition == "oss" if may_system is None else may_system
        rules = Rules(edition, generation)
        self._dialect = Dialect(self._engine, rules, self.faults, may, background_merges)
        self._certificates = tempfile.TemporaryDirectory(prefix="myscale-standin-tls-")
        self._context = self._make_certificates() if tls else None
        self.port = port or _free_port()
        self._front: Front | None = None

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @property
    def ca_certificate(self) -> Path:
        """PEM file of the authority that signed the server's certificate. Only with ``tls``."""
        return Path(self._certificates.name) / "ca.pem"

    def __enter__(self) -> MyScaleStandIn:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the engine and listen."""
        self._engine.start()
        self._dialect.is_stopped = False
        self._front = Front(
            self.port,
            self._context,
            (self.user, self.password),
            self.faults,
            self._engine.version,
            self._dialect.run,
            self._control,
        )
        self._front.run()

    def stop(self) -> None:
        """Cut all connections and kill the engine. The data stays for ``start``."""
        self._dialect.is_stopped = True
        if self._front:
            self._front.stop()
            self._front = None
        self._engine.stop()

    def close(self) -> None:
        """Stop and delete everything."""
        self.stop()
        self._engine.close()
        self._certificates.cleanup()

    # ------------------------------------------------------------ faults

    @property
    def build_delay_s(self) -> float:
        """Seconds that the index of a part takes to build. With ``math.inf`` the build hangs."""
        return self.faults.build_delay_s

    @build_delay_s.setter
    def build_delay_s(self, seconds: float) -> None:
        if self._front:
            self._dialect.lifecycle.sync()
        self.faults.build_delay_s = float(seconds)

    def fail_next_build(self, reason: str) -> None:
        """Fail the next build of a part's index with this reason. The part stays failed."""
        self.faults.failures.append(reason)

    def drop_connection_on(self, pattern: str, when: str = "before", times: int = 1) -> None:
        """Cut the connection of the next requests whose statement matches a regular expression.

        ``before``: the statement never runs. ``during``: it runs with half of its data.
        ``after``: it runs, but the client does not hear of it.
        """
        self.faults.drops.append(drop_of(pattern, when, times))

    def restart(self, down_s: float = 0.2) -> None:
        """Kill the server and start it again on the same data. Unfinished builds start again."""
        self.stop()
        time.sleep(down_s)
        self._dialect.restarted()
        self.start()

    def clear_faults(self) -> None:
        """No delay, no failures, no drops."""
        self.faults.failures.clear()
        self.faults.drops.clear()
        self.build_delay_s = 0.0

    def _control(self, action: str, arguments: dict[str, Any]) -> Any:
        """Carry out POST /_standin/<action>, with the arguments as JSON."""
        if action == "restart":
            threading.Timer(0.2, self.restart, kwargs=arguments).start()  # after its answer
        elif action == "build_delay_s":
            self.build_delay_s = float(arguments["seconds"])
        elif action in ("fail_next_build", "drop_connection_on", "clear_faults"):
            getattr(self, action)(**arguments)
        else:
            raise ValueError(f"no such action: {action}")
        return {"done": action}

    def _make_certificates(self) -> ssl.SSLContext:
        import trustme

        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        return context


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
