"""Servers that break HTTP or answer slowly. Each failure gets its true reason, in time."""

import gzip
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from PIL import Image

from ingest.thumbnails.conftest import failure, source
from photo_search.errors import PhotoFailure, Reason
from photo_search.network import addresses, session
from photo_server import Answer, PhotoServer, Request, raw, serve_photos

OK = b"HTTP/1.1 200 OK\r\n"
CLOSE = OK + b"Connection: close\r\n"
PHOTO = b"the bytes of a photo"
DRIPS = [b"."] * 100


def make_jpeg() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 48), 50).save(file, "JPEG")
    return file.getvalue()


JPEG = make_jpeg()


SLOW = {
    "body with a length": [OK + b"Content-Length: 1000\r\n\r\n", *DRIPS],
    "body that ends with the connection": [OK + b"Connection: close\r\n\r\n", *DRIPS],
    "body of HTTP/1.0": [b"HTTP/1.0 200 OK\r\n\r\n", *DRIPS],
    "body without a word about its end": [OK + b"\r\n", *DRIPS],
    "chunked body": [OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\n.\r\n"] * 100],
    "size of a chunk": [OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"0"] * 100],
    "status line": [b"H"] * 100,
    "one header": [OK + b"X: ", *DRIPS],
    "many headers": [OK, *[b"X: y\r\n"] * 90],
    "early answers": [b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 100,
    "body of a redirect": [b"HTTP/1.1 302 Found\r\nLocation: /2\r\n\r\n", *DRIPS],
}


@pytest.mark.parametrize("pieces", SLOW.values(), ids=SLOW.keys())
def test_the_deadline_holds_for_a_slow_answer_of_any_kind(
    server: PhotoServer, pieces: list[bytes]
) -> None:
    url = server.set("/photo", raw(*pieces, pause=0.1))
    server.set("/2", raw(*SLOW["body of HTTP/1.0"], pause=0.1))
    start = time.monotonic()
    found = failure(source(deadline=0.5), url)
    assert time.monotonic() - start < 1.5
    assert found.reason == Reason.TIMEOUT
    assert "0.5 s" in found.detail
    assert "deadline" in found.detail


def test_the_deadline_holds_for_a_chain_of_redirects(server: PhotoServer) -> None:
    for step in range(3):

        def redirect(request: Request, to: str = f"/{step + 1}") -> None:
            time.sleep(0.25)
            request.send(302, Location=to)

        server.set(f"/{step}", redirect)
    server.set("/3", lambda request: time.sleep(3))
    start = time.monotonic()
    assert failure(source(deadline=0.6), server.url + "/0").reason == Reason.TIMEOUT
    assert time.monotonic() - start < 1.5


def test_the_deadline_holds_for_an_answer_over_a_reused_connection(
    server: PhotoServer,
) -> None:
    fetch = source(connections=1, deadline=0.5)
    fetch(server.set_body("/good", PHOTO))
    url = server.set("/slow", raw(*SLOW["body of HTTP/1.0"], pause=0.1))
    start = time.monotonic()
    assert failure(fetch, url).reason == Reason.TIMEOUT
    assert time.monotonic() - start < 1.5


@contextmanager
def serve_bytes(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does anything it likes with a connection. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                talk(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def drip_handshake(connection: socket.socket) -> None:
    connection.recv(1 << 14)
    connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KB
    for _ in range(100):
        connection.sendall(b"\x02")
        time.sleep(0.1)


@pytest.mark.parametrize("talk", [drip_handshake, lambda connection: time.sleep(3)])
def test_the_deadline_holds_for_a_tls_handshake(talk: Callable[[socket.socket], None]) -> None:
    with serve_bytes(talk) as place:
        start = time.monotonic()
        found = failure(source(deadline=0.5), f"https://{place}/photo")
    assert time.monotonic() - start < 1.5
    assert found.reason == Reason.TIMEOUT


def test_the_deadline_holds_for_a_slow_body_over_tls(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    fetch = source(connections=1, deadline=0.5)
    fetch._session.verify = str(file)
    with serve_photos(context) as server:
        fetch(server.set_body("/good", PHOTO))  # so that the next request uses the same connection
        for path, pieces in (("/1", SLOW["body of HTTP/1.0"]), ("/2", SLOW["one header"])):
            url = server.set(path, raw(*pieces, pause=0.1))
            start = time.monotonic()
            assert failure(fetch, url).reason == Reason.TIMEOUT
            assert time.monotonic() - start < 1.5


def test_the_deadline_holds_for_a_slow_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    session._lookup.cache_clear()
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: time.sleep(3))
    start = time.monotonic()
    found = failure(source(deadline=0.5), "http://127.0.0.1/photo")
    session._lookup.cache_clear()
    assert time.monotonic() - start < 1.5
    assert found.reason == Reason.TIMEOUT


def test_a_host_whose_lookup_failed_is_looked_up_again(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [socket.gaierror("the name server is busy")]

    def look_up(
        *arguments: Any, real: Callable[..., Any] = socket.getaddrinfo, **named: Any
    ) -> Any:
        if failures:
            raise failures.pop()
        return real(*arguments, **named)

    monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)
    assert source()(server.set_body("/photo", JPEG)) == (JPEG, 2)


def test_a_timeout_says_which_limit_was_hit(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "READ_TIMEOUT", 0.1)
    monkeypatch.setattr(session, "CONNECT_TIMEOUT", 0.2)
    silent = server.set("/silent", raw(OK, pause=1))
    assert failure(source(), silent).detail == "the server sent nothing for 0.1 s"
    stalled = server.set("/stalled", raw(OK + b"Content-Length: 9\r\n\r\n.", pause=1))
    assert failure(source(), stalled).detail == "the server sent nothing for 0.1 s"
    with serve_bytes(lambda connection: time.sleep(1)) as place:
        found = failure(source(), f"https://{place}/photo")
    assert (found.reason, found.detail) == ("timeout", "no connection within 0.2 s")


CUT = {
    "after the status line": OK,
    "inside a header": OK + b"Content-Type: ima",
    "between two headers": OK + b"Content-Type: image/jpeg\r\n",
    "inside the status line": b"HTTP/1.1 20",
    "before anything": b"",
    "inside a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nthe",
    "inside the size of a chunk": CLOSE + b"Transfer-Encoding: chunked\r\n\r\n0",
    "between two chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n",
    "inside the headers of an early answer": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n",
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT.keys())
def test_an_incomplete_answer_is_a_network_failure_and_requested_again(
    server: PhotoServer, answer: bytes
) -> None:
    good = raw(OK + b"Content-Length: 20\r\n\r\n" + PHOTO)
    assert source()(server.set("/photo", raw(answer), good)) == (PHOTO, 2)
    found = failure(source(), server.set("/photo", raw(answer)))
    assert (found.reason, found.attempts) == ("network", 4)


NO_HTTP = {
    "status line": b"garbage\r\n\r\n",
    "status": b"HTTP/1.1 abc OK\r\n\r\n",
    "version": b"HTTP/3.0 200 OK\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "length in words": OK + b"Content-Length: many\r\n\r\n" + PHOTO,
    "negative length": OK + b"Content-Length: -1\r\n\r\n" + PHOTO,
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n" + PHOTO,
    "length of many digits": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + PHOTO,
    "size of a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "negative chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + PHOTO,
    "unknown coding": OK + b"Transfer-Encoding: brotli\r\n\r\n" + PHOTO,
    "header without an end": OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
    "headers without number": OK + b"X: y\r\n" * 20_000 + b"\r\n",
    "not gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + PHOTO,
}


@pytest.mark.parametrize("answer", NO_HTTP.values(), ids=NO_HTTP.keys())
def test_an_answer_that_is_not_http_is_a_network_failure(
    server: PhotoServer, answer: bytes
) -> None:
    found = failure(source(), server.set("/photo", raw(answer)))
    assert (found.reason, found.attempts) == ("network", 4)


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_informational_answers_before_the_real_one_are_skipped(
    server: PhotoServer, status: bytes
) -> None:
    early = b"HTTP/1.1 " + status + b"\r\nLink: </style.css>\r\n\r\n"
    real = OK + b"Content-Length: 20\r\n\r\n" + PHOTO
    assert source()(server.set("/photo", raw(early, early + real))) == (PHOTO, 1)


def test_a_chunked_photo_is_complete_without_its_last_line_end(server: PhotoServer) -> None:
    answer = OK + b"Transfer-Encoding: chunked\r\n\r\n14\r\n" + PHOTO + b"\r\n0\r\n"
    assert source()(server.set("/photo", raw(answer))) == (PHOTO, 1)


DOUBTFUL = {
    "empty": ("not_image", CLOSE + b"Content-Length: 0\r\n\r\n"),
    "empty without a length": ("not_image", OK + b"\r\n"),
    "empty chunked": ("not_image", CLOSE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "half a photo": ("truncated", OK + b"\r\n" + JPEG[:-400]),
    "half a photo of HTTP/1.0": ("truncated", b"HTTP/1.0 200 OK\r\n\r\n" + JPEG[:-400]),
    "two bytes of a photo": ("not_image", OK + b"\r\n" + JPEG[:2]),
}


@pytest.mark.parametrize(("reason", "answer"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_a_body_that_may_be_incomplete_is_requested_once_more(
    server: PhotoServer, reason: str, answer: bytes
) -> None:
    whole = raw(OK + b"\r\n" + JPEG)
    assert source()(server.set("/photo", raw(answer), whole)) == (JPEG, 2)
    found = failure(source(), server.set("/photo", raw(answer)))
    assert (found.reason, found.attempts) == (reason, 2)


def test_a_photo_with_a_content_length_is_accepted(server: PhotoServer) -> None:
    assert source()(server.set_body("/photo", JPEG[:-400])) == (JPEG[:-400], 1)


@pytest.mark.parametrize("status", [101, 204, 206, 300, 302, 304])
def test_other_statuses_are_refusals(server: PhotoServer, status: int) -> None:
    found = failure(source(), server.set("/photo", raw(b"HTTP/1.1 %d X\r\nX: y\r\n\r\n" % status)))
    assert (found.reason, found.attempts) == ("denied", 1)
    assert str(status) in found.detail


def test_gzip_is_unpacked_even_if_it_was_not_requested(server: PhotoServer) -> None:
    packed = gzip.compress(PHOTO)
    url = server.set("/photo", lambda request: request.send(200, packed, Content_Encoding="gzip"))
    assert source()(url) == (PHOTO, 1)


@pytest.mark.parametrize(
    "location", ["http://[", "http://a:b/", "//[::1/", "http://\xff/", "http:"]
)
def test_a_redirect_to_an_invalid_url_is_refused(server: PhotoServer, location: str) -> None:
    url = server.set("/photo", lambda request: request.send(302, Location=location))
    found = failure(source(), url)
    assert found.reason == "forbidden_host"


def test_a_redirect_may_contain_letters_outside_ascii(server: PhotoServer) -> None:
    server.set_body("/caf%C3%A9", PHOTO)
    url = server.set("/photo", raw("HTTP/1.1 302 Found\r\nLocation: /café\r\n\r\n".encode()))
    assert source()(url).content == PHOTO


@pytest.mark.parametrize(
    "retry_after",
    ["9" * 400, "9" * 5000, "-1", "soon", "Thu, 01 Jan 99999 00:00:00 GMT", "\xb2", ""],
)
def test_no_retry_after_stops_the_run(server: PhotoServer, retry_after: str) -> None:
    answer: Answer = lambda request: request.send(503, Retry_After=retry_after)  # noqa: E731
    assert failure(source(), server.set("/photo", answer)).reason == "server_error"


def test_the_body_of_a_redirect_is_not_read(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []

    def endless(request: Request) -> None:
        request.send_response(302)
        request.send_header("Location", "/2")
        request.end_headers()
        for _ in range(200):
            request.wfile.write(bytes(1 << 20))
            sent.append(1 << 20)

    server.set_body("/2", PHOTO)
    assert source()(server.set("/photo", endless)).content == PHOTO
    assert sum(sent) < 50 << 20


def test_an_interrupted_tls_handshake_is_a_network_failure() -> None:
    with serve_bytes(lambda connection: connection.recv(10)) as place:
        found = failure(source(), f"https://{place}/photo")
    assert (found.reason, found.attempts) == ("network", 4)


def test_what_a_server_said_is_kept_short_and_without_control_characters() -> None:
    detail = PhotoFailure(Reason.NETWORK, "a\x1b[31m\n\u202e" + "b" * 400).detail
    assert detail == "a?[31m??" + "b" * 292


def test_cookies_of_a_server_are_not_sent_back(server: PhotoServer) -> None:
    sent: list[str | None] = []

    def answer(request: Request) -> None:
        sent.append(request.headers["Cookie"])
        request.send(200, JPEG, Set_Cookie="who=you")

    url, fetch = server.set("/a", answer), source()
    assert fetch(url).content == fetch(url).content == JPEG
    assert sent == [None, None]


def test_proxies_and_passwords_of_the_environment_are_not_used(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    seen: list[tuple[str, str | None]] = []

    def answer(request: Request) -> None:
        seen.append((request.path, request.headers["Authorization"]))
        request.send(200, JPEG)

    assert source()(server.set("/a", answer)).content == JPEG
    assert seen == [("/a", None)]
