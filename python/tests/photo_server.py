"""A web server on this machine that serves thumbnails and, if a test says so, faults."""

import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request. An answer may write anything to it."""

    protocol_version = "HTTP/1.1"
    # otherwise a body waits 40 ms until its headers are acknowledged
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.photos.requests[path] += 1
        self.server.photos.paths.append(path)
        self.server.photos.hosts.append(self.headers["Host"])
        time.sleep(self.server.photos.latency)
        self.server.photos.answer(path)(self)

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Length": str(len(body)), **lines}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def raw(*pieces: bytes, pause: float = 0.0) -> Answer:
    """Send these bytes unchanged, wait `pause` seconds after each piece, and end the connection."""

    def answer(request: Request) -> None:
        request.close_connection = True
        for piece in pieces:
            request.wfile.write(piece)
            time.sleep(pause)

    return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    photos: "PhotoServer"

    def handle_error(self, *_: object) -> None:
        """Ignore a client that disconnects, because some tests do."""


class PhotoServer:
    """Answers by path or with `default`, after `latency` seconds, and counts requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.latency = 0.0
        self.answers: dict[str, Answer] = {}
        self.default: Answer = lambda request: request.send(404)
        self.requests: Counter[str] = Counter()
        self.paths: list[str] = []  # in the order of the requests
        self.hosts: list[str] = []

    def answer(self, path: str) -> Answer:
        return self.answers.get(path, self.default)

    def set_body(self, path: str, body: bytes) -> str:
        """Serve these bytes under the path and return their URL."""
        return self.set(path, lambda request: request.send(200, body))

    def set(self, path: str, *answers: Answer) -> str:
        """Give these answers in turn, and then the last one forever. Returns the URL."""
        left = list(answers)
        self.answers[path] = lambda request: (left.pop(0) if len(left) > 1 else left[0])(request)
        return self.url + path


@contextmanager
def serve_photos(context: ssl.SSLContext | None = None) -> Iterator[PhotoServer]:
    """A running server on a free port of 127.0.0.1, with TLS if there is a context."""
    server = _Server(("127.0.0.1", 0), Request)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if context else "http"
    server.photos = PhotoServer(f"{scheme}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.photos
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
