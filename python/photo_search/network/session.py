"""One HTTP request to an allowed host, at an address that was checked, within a deadline."""

import functools
import http.client
import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from photo_search.errors import PhotoFailure, Reason
from photo_search.network.addresses import check_url, resolve

USER_AGENT = "photo-search/0.1 (image search on the Unsplash dataset; python-requests)"
MAX_REDIRECTS = 3
CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 10.0  # seconds without a byte
FOREVER = 1e9  # seconds; timers cannot wait for much longer
ADDRESS_SECONDS = 60  # how long a checked address is used before the name is looked up again


class Deadline:
    """A point in time, some seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._seconds = min(seconds, FOREVER)
        self._at = time.monotonic() + self._seconds

    def left(self) -> float:
        """Seconds until then; 0 or less if it has passed."""
        return self._at - time.monotonic()

    def check(self) -> None:
        """Raises PhotoFailure timeout if it has passed."""
        if self.left() <= 0:
            raise PhotoFailure(Reason.TIMEOUT, f"not here by the deadline of {self._seconds:g} s")


class CheckedSession(requests.Session):
    """A session that reaches allowed hosts over HTTPS and nothing else.

    Every request, so also every redirect, has its host compared with `hosts` and all addresses of
    that host checked. The connection then goes to a checked address, not to the name.
    """

    def __init__(
        self, hosts: frozenset[str] | None, allow_private: bool, connections: int = 1
    ) -> None:
        super().__init__()
        self.trust_env = False  # behind a proxy no address could be checked
        self.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self.mount(scheme, _CheckedAdapter(hosts, allow_private, connections))

    @contextmanager
    def follow(
        self, url: str, deadline: Deadline, headers: dict[str, str] | None = None
    ) -> Iterator[requests.Response]:
        """The response at the end of the redirects, its body not yet read.

        When the deadline has passed, the connection is cut.
        Raises PhotoFailure for whatever goes wrong on the way, also inside the `with` block.
        """
        try:
            for _ in range(MAX_REDIRECTS + 1):
                deadline.check()
                with (
                    _Watchdog(deadline),
                    self.get(
                        url,
                        headers=headers,
                        stream=True,
                        allow_redirects=False,
                        timeout=(
                            min(CONNECT_TIMEOUT, deadline.left()),
                            min(READ_TIMEOUT, deadline.left()),
                        ),
                    ) as response,
                ):
                    if not response.is_redirect:
                        _check_framing(response)
                        yield response
                        deadline.check()  # a cut connection looks like the end of the body
                        return
                    url = _redirect_address(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            deadline.check()
            raise _as_failure(error) from error
        raise PhotoFailure(Reason.FORBIDDEN_HOST, f"more than {MAX_REDIRECTS} redirects")

    def get_redirect_target(self, response: Any) -> None:
        """None: requests would read the whole body of a redirect, however long it is."""


def states_its_end(response: requests.Response) -> bool:
    """Whether it can be seen that a body was cut off."""
    return response.raw.chunked or response.raw.length_remaining is not None


def _check_framing(response: requests.Response) -> None:
    """Refuse a body whose end cannot be found."""
    coding = response.headers.get("Transfer-Encoding", "identity").lower()
    length = response.headers.get("Content-Length", "0")
    if coding not in ("chunked", "identity"):
        raise PhotoFailure(Reason.NETWORK, f"Transfer-Encoding {coding!r} is not supported")
    if coding == "identity" and not re.fullmatch("[0-9]{1,18}(, *[0-9]{1,18})*", length):
        raise PhotoFailure(Reason.NETWORK, f"Content-Length {length!r} is no number")


def _redirect_address(response: requests.Response) -> str:
    location = response.headers["Location"].encode("latin-1").decode("utf-8", "replace")
    try:
        return urljoin(response.url, location)
    except ValueError as error:
        raise PhotoFailure(Reason.FORBIDDEN_HOST, f"{location!r} is no URL: {error}") from error


def _as_failure(error: Exception) -> PhotoFailure:
    if isinstance(error, requests.ConnectTimeout):
        return PhotoFailure(Reason.TIMEOUT, f"no connection within {CONNECT_TIMEOUT:g} s")
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return PhotoFailure(Reason.TIMEOUT, f"the server sent nothing for {READ_TIMEOUT:g} s")
    if isinstance(error, requests.exceptions.SSLError):
        return PhotoFailure(Reason.TLS, str(error))
    if isinstance(error, _BAD_URL):
        return PhotoFailure(Reason.FORBIDDEN_HOST, str(error))
    return PhotoFailure(Reason.NETWORK, str(error))


_BAD_URL = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationValueError,
)


class _CheckedAdapter(HTTPAdapter):
    def __init__(self, hosts: frozenset[str] | None, allow_private: bool, connections: int) -> None:
        super().__init__(pool_maxsize=connections)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        self._hosts = hosts
        self._allow_private = allow_private

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> urllib3.HTTPConnectionPool:
        host, port = check_url(request.url or "", self._hosts, self._allow_private)
        address = _address(host, port, self._allow_private, _Watchdog.of_this_thread().deadline)
        key, tls = self.build_connection_pool_key_attributes(request, verify, cert)
        names = {"server_hostname": host, "assert_hostname": host}
        options = {**tls, **names} if key["scheme"] == "https" else {}
        pool: urllib3.HTTPConnectionPool = self.poolmanager.connection_from_host(
            address, port, key["scheme"], options
        )
        return pool

    def add_headers(self, request: requests.PreparedRequest, **_: Any) -> None:
        request.headers["Host"] = urlsplit(request.url or "").netloc


def _address(host: str, port: int, allow_private: bool, deadline: Deadline) -> str:
    lookup = _lookup(int(time.monotonic() / ADDRESS_SECONDS), host, port, allow_private)
    try:
        address = lookup.result(max(0, deadline.left()))[0]
    except PhotoFailure as failure:
        _lookup.cache_clear()  # so that the next attempt asks again
        raise PhotoFailure(failure.reason, failure.detail) from failure
    return f"[{address}]" if ":" in address else address


@functools.lru_cache(maxsize=64)
def _lookup(number: int, host: str, port: int, allow_private: bool) -> Future[list[str]]:
    """The addresses of the host, remembered under the number of the lookup.

    A thread of its own asks, because nothing can interrupt the wait for a name server.
    """
    lookup: Future[list[str]] = Future()

    def ask() -> None:
        try:
            lookup.set_result(resolve(host, port, allow_private))
        except Exception as error:
            lookup.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return lookup


class _Watchdog:
    """Cuts the connection that this thread uses when the deadline passes.

    A socket's own timeout starts again with every byte, so it does not bound a slow drip.
    """

    _current = threading.local()

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(0.0, deadline.left()), self._cut)
        self._timer.daemon = True

    @classmethod
    def of_this_thread(cls) -> "_Watchdog":
        watchdog: _Watchdog = cls._current.watchdog
        return watchdog

    def watch(self, connection: socket.socket) -> None:
        """Keep a duplicate: TLS takes the socket over, and so may the response."""
        with self._lock:
            self._close()
            self._socket = socket.socket(fileno=socket.dup(connection.fileno()))
        if self.deadline.left() <= 0:
            self._cut()

    def __enter__(self) -> None:
        self._current.watchdog = self
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._close()

    def _cut(self) -> None:
        with self._lock:
            if self._socket:
                with suppress(OSError):  # the server has just closed it
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


class _WholeLines(io.BufferedReader):
    """A stream whose lines have an end. Without one, the connection broke off."""

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise http.client.RemoteDisconnected("the connection ended inside a line")
        return line


class _Response(http.client.HTTPResponse):
    """A response that waits for the real answer, and for the end of its headers."""

    fp: io.BufferedReader

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fp = _WholeLines(self.fp.detach())

    def _read_status(self) -> tuple[str, int, str]:
        """Any early answer but 101 as 100, which is the only one that the base class skips."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        is_early = 100 <= status < 200 and status != http.client.SWITCHING_PROTOCOLS
        return version, http.client.CONTINUE if is_early else status, reason

    def _read_and_discard_trailer(self) -> None:
        with suppress(http.client.RemoteDisconnected):  # the last chunk came: the body is whole
            super()._read_and_discard_trailer()  # type: ignore[misc]


class _Connection(HTTPConnection):
    """A connection whose sockets are watched from the moment they are open."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _Watchdog.of_this_thread().watch(connection)
        return connection

    def request(self, *arguments: Any, **options: Any) -> None:
        if self.sock:  # it is used again
            _Watchdog.of_this_thread().watch(self.sock)
        super().request(*arguments, **options)


class _TLSConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except ssl.SSLEOFError as error:
            raise ConnectionResetError("the connection ended inside the TLS handshake") from error
        except TimeoutError as error:
            detail = "the TLS handshake did not end"
            raise urllib3.exceptions.ConnectTimeoutError(self, detail) from error


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection
