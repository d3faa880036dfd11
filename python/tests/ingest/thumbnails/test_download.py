import gzip
import os
import socket
import ssl
import struct
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme

from ingest.thumbnails.conftest import Clock, failure, source
from photo_search.errors import Reason
from photo_search.ingest.thumbnails import download
from photo_search.ingest.thumbnails.download import THUMBNAIL, FolderSource, thumbnail_url
from photo_search.network import session
from photo_server import PhotoServer, Request, serve_photos

PHOTO = b"the bytes of a photo"


def test_a_download_counts_its_requests(server: PhotoServer) -> None:
    assert source()(server.set_body("/photo", PHOTO)) == (PHOTO, 1)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "gone"),
        (410, "gone"),
        (400, "denied"),
        (401, "denied"),
        (403, "denied"),
        (451, "denied"),
    ],
)
def test_a_permanent_failure_is_requested_once(
    server: PhotoServer, status: int, reason: str
) -> None:
    found = failure(source(), server.set("/photo", lambda request: request.send(status)))
    assert (found.reason, found.attempts, server.requests["/photo"]) == (reason, 1, 1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_failing_server_gets_four_requests_with_growing_waits(
    server: PhotoServer, status: int
) -> None:
    fetch = source()
    found = failure(fetch, server.set("/photo", lambda request: request.send(status)))
    assert (found.reason, server.requests["/photo"]) == ("server_error", 4)
    first, second, third = fetch.waits
    assert 0.25 <= first <= 0.75
    assert 0.5 <= second <= 1.5
    assert 1.0 <= third <= 3.0


@pytest.mark.parametrize("form", ["number", "date"])
def test_a_busy_server_says_how_long_to_wait(server: PhotoServer, form: str) -> None:
    def busy(request: Request) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
        request.send(429, Retry_After="20" if form == "number" else date)

    url = server.set("/photo", busy, busy, lambda request: request.send(200, PHOTO))
    fetch = source()
    assert fetch(url) == (PHOTO, 3)
    assert fetch.waits == pytest.approx([20, 20], abs=3)


def test_a_wait_beyond_the_deadline_is_not_started(server: PhotoServer) -> None:
    fetch = source()
    url = server.set("/photo", lambda request: request.send(429, Retry_After="86400"))
    assert failure(fetch, url).attempts == 1
    assert not fetch.waits


@pytest.mark.parametrize("answer", [(429, {}), (503, {"Retry_After": "1"})])
def test_a_busy_server_gets_fewer_requests(
    server: PhotoServer, clock: Clock, answer: tuple[int, dict[str, str]]
) -> None:
    status, headers = answer
    fetch = source(rate=50)
    failure(fetch, server.set("/photo", lambda request: request.send(status, **headers)))
    start = clock.now
    fetch(server.set_body("/good", PHOTO))
    assert clock.now - start == pytest.approx(0.04)


def test_a_photo_that_always_fails_does_not_slow_down_the_others(
    server: PhotoServer, clock: Clock
) -> None:
    fetch = source(rate=50)
    for _ in range(5):
        failure(fetch, server.set("/photo", lambda request: request.send(503)))
    start = clock.now
    fetch(server.set_body("/good", PHOTO))
    assert clock.now - start == pytest.approx(0.02)


@pytest.mark.parametrize("status", [503, 500])
def test_a_server_that_fails_for_all_photos_gets_fewer_requests(
    server: PhotoServer, clock: Clock, status: int
) -> None:
    fetch = source(rate=50)
    for _ in range(21):
        failure(fetch, server.set("/photo", lambda request: request.send(status)))
    start = clock.now
    fetch(server.set_body("/good", PHOTO))
    assert clock.now - start == pytest.approx(0.04)


def test_retries_respect_the_rate(server: PhotoServer, clock: Clock) -> None:
    failure(source(rate=50), server.set("/photo", lambda request: request.send(503)))
    assert clock.now == pytest.approx(0.06)


def drip(request: Request) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b".")
        time.sleep(0.1)


def drip_headers(request: Request) -> None:
    for _ in range(100):
        request.wfile.write(b"H")
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [drip, drip_headers, lambda request: time.sleep(10)])
def test_the_deadline_holds_for_the_whole_photo(
    server: PhotoServer, answer: Callable[[Request], None]
) -> None:
    start = time.monotonic()
    found = failure(source(deadline=0.5), server.set("/photo", answer))
    assert found.reason == Reason.TIMEOUT
    assert time.monotonic() - start < 2


def short_body(request: Request) -> None:
    request.send(200, PHOTO, Content_Length=str(len(PHOTO) + 1))
    request.close_connection = True


def reset(request: Request) -> None:
    request.send(200, PHOTO, Content_Length="1000")
    linger = struct.pack("ii", 1, 0)
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    os.close(request.connection.detach())


@pytest.mark.parametrize("broken", [short_body, reset])
def test_an_incomplete_body_is_fetched_again(
    server: PhotoServer, broken: Callable[[Request], None]
) -> None:
    url = server.set("/photo", broken, lambda request: request.send(200, PHOTO))
    assert source()(url) == (PHOTO, 2)
    found = failure(source(), server.set("/photo", broken))
    assert (found.reason, found.attempts) == ("network", 4)


def test_a_refused_connection_is_a_network_failure() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = failure(source(), f"http://127.0.0.1:{unused.getsockname()[1]}/photo")
    assert (found.reason, found.attempts) == ("network", 4)


def test_an_unknown_host_name_is_a_network_failure() -> None:
    unknown = source(hosts=frozenset({"photos.invalid"}))
    assert failure(unknown, "http://photos.invalid/photo").reason == "network"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def tls_server(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_an_untrusted_certificate_is_refused_without_a_retry(authority: trustme.CA) -> None:
    with serve_photos(tls_server(authority, "127.0.0.1")) as server:
        found = failure(source(), server.set_body("/photo", PHOTO))
    assert (found.reason, found.attempts) == ("tls", 1)
    assert not server.requests


@pytest.mark.parametrize(("certified", "expected"), [("photos.test", PHOTO), ("other.test", "tls")])
def test_the_certificate_must_name_the_host_and_not_its_address(
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    certified: str,
    expected: bytes | str,
) -> None:
    resolve_to(monkeypatch, "127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    fetch = source(hosts=frozenset({"photos.test"}))
    fetch._session.verify = str(tmp_path / "ca.pem")
    with serve_photos(tls_server(authority, certified)) as server:
        url = server.set_body("/photo", PHOTO).replace("127.0.0.1", "photos.test")
        if isinstance(expected, bytes):
            assert fetch(url).content == expected
            assert server.hosts[0].startswith("photos.test:")
        else:
            assert failure(fetch, url).reason == expected


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Make every name resolve to these addresses."""

    def answer(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (to, port)) for to in addresses]

    session._lookup.cache_clear()
    monkeypatch.setattr("photo_search.network.addresses.socket.getaddrinfo", answer)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["169.254.169.254"]])
def test_a_host_name_with_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    resolve_to(monkeypatch, *addresses)
    fetch = source(hosts=frozenset({"images.unsplash.com"}), allow_private=False)
    found = failure(fetch, "https://images.unsplash.com/photo")
    assert (found.reason, found.attempts) == ("forbidden_host", 1)


def test_the_connection_goes_to_the_address_that_was_checked(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.set_body("/photo", PHOTO).replace("127.0.0.1", "photos.test")
    fetch = source(hosts=frozenset({"photos.test"}))
    asked = []
    monkeypatch.setattr(session, "resolve", lambda host, *_: asked.append(host) or ["127.0.0.1"])
    session._lookup.cache_clear()
    assert fetch(url).content == PHOTO  # no name server knows photos.test
    assert asked == ["photos.test"]


@pytest.mark.parametrize(
    "target",
    [
        "https://images.unsplash.com.example/photo",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/photo",
        "//localhost/photo",
    ],
)
def test_a_redirect_is_checked_like_the_first_address(server: PhotoServer, target: str) -> None:
    url = server.set("/photo", lambda request: request.send(302, Location=target))
    found = failure(source(), url)
    assert (found.reason, found.attempts) == ("forbidden_host", 1)


def test_three_redirects_are_followed_and_no_more(server: PhotoServer) -> None:
    for step in range(5):
        server.set(f"/{step}", lambda request, to=f"/{step + 1}": request.send(301, Location=to))
    server.set_body("/5", PHOTO)
    assert source()(f"{server.url}/2").content == PHOTO
    assert failure(source(), f"{server.url}/1").reason == "forbidden_host"


def endless(request: Request) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(bytes(1 << 16))


GZIP_BOMB = gzip.compress(bytes(64 << 20), 1)


def gzip_bomb(request: Request) -> None:
    request.send(200, GZIP_BOMB, Content_Encoding="gzip")


@pytest.mark.parametrize("answer", [endless, gzip_bomb])
def test_a_huge_body_is_refused_in_bounded_memory(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch, answer: Callable[[Request], None]
) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 1 << 20)
    url = server.set("/photo", answer)
    tracemalloc.start()
    found = failure(source(), url)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.reason == Reason.TOO_LARGE
    assert peak < 16 << 20


def test_the_parameters_for_the_size_replace_those_in_the_url() -> None:
    assert (
        thumbnail_url("https://images.unsplash.com/photo-1?w=9&ixid=a%20b#top", THUMBNAIL)
        == "https://images.unsplash.com/photo-1?w=200&ixid=a+b&q=75&fm=jpg&fit=max#top"
    )


def test_a_folder_serves_the_file_named_like_the_last_part_of_the_path(tmp_path: Path) -> None:
    (tmp_path / "photo-1.jpg").write_bytes(PHOTO)
    fetch = FolderSource(tmp_path, frozenset({"photos.example"}))
    assert fetch("https://photos.example/x/photo-1?w=200") == (PHOTO, 0)
    assert failure(fetch, "https://photos.example/photo-2").reason == "gone"
    assert failure(fetch, "https://photos.example.com/photo-1").reason == "forbidden_host"
