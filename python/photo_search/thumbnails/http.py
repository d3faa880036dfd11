"""One HTTP request to an allowed host, at an address that was checked, within a deadline."""

import functools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from photo_search.thumbnails.addresses import check_url, resolve
from photo_search.thumbnails.failure import PhotoFailure, Reason

USER_AGENT = "photo-search/0.1 (image search on the Unsplash dataset; python-requests)"
MAX_REDIRECTS = 3
CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 10.0  # seconds without a byte
ADDRESS_SECONDS = 60  # how long a checked address is used before the name is looked up again


class CheckedSession(requests.Session):
    """A session that reaches allowed hosts over HTTPS and nothing else.

    Every request, so also every redirect, has its host compared with `hosts` and all addresses of
    that host checked; the connection then goes to a checked address, not to the name.
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
        self, url: str, deadline: float, headers: dict[str, str] | None = None
    ) -> Iterator[requests.Response]:
        """The response at the end of the redirects, its body not yet read.

        `deadline` is on the clock of `time.monotonic`; when it has passed, the connection is cut.
        Raises PhotoFailure for whatever goes wrong on the way, also inside the `with` block.
        """
        try:
            for _ in range(MAX_REDIRECTS + 1):
                with (
                    _Watchdog(deadline),
                    self.get(
                        url,
                        headers=headers,
                        stream=True,
                        allow_redirects=False,
                        timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                    ) as response,
                ):
                    if not response.is_redirect:
                        yield response
                        return
                    url = urljoin(url, response.headers["Location"])
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _as_failure(error, deadline) from error
        raise PhotoFailure(Reason.FORBIDDEN_HOST, f"more than {MAX_REDIRECTS} redirects")


def _as_failure(error: Exception, deadline: float) -> PhotoFailure:
    timeouts = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if time.monotonic() >= deadline or isinstance(error, timeouts):
        return PhotoFailure(Reason.TIMEOUT, str(error))
    if isinstance(error, requests.exceptions.SSLError):
        return PhotoFailure(Reason.TLS, str(error))
    if isinstance(error, ValueError):  # requests' errors about the URL itself are of this kind
        return PhotoFailure(Reason.FORBIDDEN_HOST, str(error))
    return PhotoFailure(Reason.NETWORK, str(error))


class _CheckedAdapter(HTTPAdapter):
    def __init__(self, hosts: frozenset[str] | None, allow_private: bool, connections: int) -> None:
        super().__init__(pool_maxsize=connections)
        self.poolmanager.pool_classes_by_scheme = {"http": _WatchedPool, "https": _WatchedTLSPool}
        self._hosts = hosts
        self._allow_private = allow_private

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> urllib3.HTTPConnectionPool:
        host, port = check_url(request.url or "", self._hosts, self._allow_private)
        lookup = int(time.monotonic() / ADDRESS_SECONDS)
        address = _resolve_for(lookup, host, port, self._allow_private)
        key, tls = self.build_connection_pool_key_attributes(request, verify, cert)
        names = {"server_hostname": host, "assert_hostname": host}
        options = {**tls, **names} if key["scheme"] == "https" else {}
        pool: urllib3.HTTPConnectionPool = self.poolmanager.connection_from_host(
            address, port, key["scheme"], options
        )
        return pool

    def add_headers(self, request: requests.PreparedRequest, **_: Any) -> None:
        request.headers["Host"] = urlsplit(request.url or "").netloc


@functools.lru_cache(maxsize=64)
def _resolve_for(lookup: int, host: str, port: int, allow_private: bool) -> str:
    """The first address of the host, remembered under the number of the lookup."""
    address = resolve(host, port, allow_private)[0]
    return f"[{address}]" if ":" in address else address


class _Watchdog:
    """Cuts the connection that this thread uses when the deadline passes.

    The timeouts of requests start anew with every byte, so they do not bound a slow drip.
    """

    current = threading.local()

    def __init__(self, deadline: float) -> None:
        self.connection: urllib3.connection.HTTPConnection | None = None
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self.current.watchdog = self
        self._timer.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        if self.connection and self.connection.sock:
            with suppress(OSError):  # it has just been closed
                self.connection.sock.shutdown(socket.SHUT_RDWR)


class _WatchedPool(urllib3.HTTPConnectionPool):
    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        _Watchdog.current.watchdog.connection = connection
        return connection


class _WatchedTLSPool(_WatchedPool, urllib3.HTTPSConnectionPool):
    pass
