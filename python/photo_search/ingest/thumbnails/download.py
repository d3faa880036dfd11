"""Photo URL to thumbnail bytes, over HTTP or from a folder."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
import urllib3

from photo_search.errors import PASSING, PhotoFailure, Reason
from photo_search.ingest.thumbnails.decode import decode
from photo_search.ingest.thumbnails.later import Later
from photo_search.ingest.thumbnails.pace import Pace
from photo_search.network.addresses import check_url
from photo_search.network.session import CheckedSession, Deadline, states_its_end

UNSPLASH_HOSTS = frozenset({"images.unsplash.com"})
THUMBNAIL = {"q": "75", "fm": "jpg", "w": "200", "fit": "max"}
READ_BYTES = 64 << 10
MAX_BYTES = 20 << 20
ATTEMPTS = {
    Reason.SERVER_ERROR: 4,
    Reason.TIMEOUT: 4,
    Reason.NETWORK: 4,
    # Raised here only when the connection may have cut the picture off.
    Reason.NOT_IMAGE: 2,
    Reason.TRUNCATED: 2,
    Reason.CORRUPT: 2,
}
FIRST_BACKOFF = 0.5  # seconds, doubled with every attempt


class Fetched(NamedTuple):
    """The bytes of a thumbnail and the number of requests that they took."""

    content: bytes
    attempts: int


Source = Callable[[str], Fetched | Later[Fetched]]
"""Fetches the thumbnail at a URL or raises PhotoFailure. Called from many threads.

It returns Later when another attempt may help, so that no thread has to wait for that.
"""


def thumbnail_url(photo_image_url: str, parameters: Mapping[str, str]) -> str:
    """The URL of the photo with these query parameters in place of its own of that name."""
    try:
        parts = urlsplit(photo_image_url)
    except ValueError:  # refused with its reason where hosts are checked
        return photo_image_url
    query = {**dict(parse_qsl(parts.query)), **parameters}
    return urlunsplit(parts._replace(query=urlencode(query)))


@dataclass(frozen=True)
class FolderSource:
    """Reads `folder/NAME.jpg` for a URL whose path ends in NAME."""

    folder: Path
    hosts: frozenset[str]

    def __call__(self, url: str) -> Fetched:
        check_url(url, self.hosts)
        path = self.folder / (urlsplit(url).path.rpartition("/")[2] + ".jpg")
        if not path.is_file():
            raise PhotoFailure(Reason.GONE, f"{path} does not exist")
        return Fetched(path.read_bytes(), attempts=0)


@dataclass(frozen=True)
class HttpLimits:
    """How politely and how patiently photos are fetched."""

    hosts: frozenset[str] = UNSPLASH_HOSTS
    allow_private: bool = False
    rate: float = 50.0  # requests per second, later attempts too
    connections: int = 16
    deadline: float = 60.0  # seconds for one photo: all attempts, waits and redirects


class RetryLaterError(PhotoFailure):
    """The server answered, and may have said how many seconds to wait."""

    def __init__(self, status: int, wait: float) -> None:
        super().__init__(Reason.SERVER_ERROR, f"HTTP status {status}")
        self.wait = wait
        self.asks_for_less = status == 429 or wait > 0


class HttpSource:
    """Fetches over HTTPS, again after a while if what went wrong may pass."""

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._pace = Pace(limits.rate)
        self._session = CheckedSession(limits.hosts, limits.allow_private, limits.connections)

    def __call__(self, url: str) -> Fetched | Later[Fetched]:
        return self._attempt(url, 1)

    def _attempt(
        self, url: str, number: int, deadline: Deadline | None = None
    ) -> Fetched | Later[Fetched]:
        start = self._pace.wait()
        deadline = deadline or Deadline(self._limits.deadline)
        failed = asks_for_less = False
        try:
            return Fetched(self._get(url, deadline), number)
        except PhotoFailure as failure:
            failure.attempts = number
            failed = failure.reason in PASSING
            wait = FIRST_BACKOFF * 2 ** (number - 1) * random.uniform(0.5, 1.5)
            if isinstance(failure, RetryLaterError):
                asks_for_less = failure.asks_for_less
                wait = max(wait, failure.wait)
            if number >= ATTEMPTS.get(failure.reason, 1) or wait > deadline.left():
                raise
        finally:
            if number == 1:
                self._pace.report(start, failed=failed, asks_for_less=asks_for_less)
        return Later(wait, partial(self._attempt, url, number + 1, deadline))

    def _get(self, url: str, deadline: Deadline) -> bytes:
        with self._session.follow(url, deadline) as response:
            _check_status(response)
            may_be_cut = not states_its_end(response)
            content = bytearray()
            # read1 hands over what has come; read would wait for the whole block.
            while block := response.raw.read1(READ_BYTES, decode_content=True):
                content += block
                if len(content) > MAX_BYTES:
                    raise PhotoFailure(Reason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
        if not content:
            raise PhotoFailure(Reason.NOT_IMAGE, "the server sent an empty body")
        if may_be_cut:
            decode(bytes(content))
        return bytes(content)


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    detail = f"HTTP status {status}"
    if status in (404, 410):
        raise PhotoFailure(Reason.GONE, detail)
    if status in (408, 425, 429) or status >= 500:
        raise RetryLaterError(status, _retry_after(response))
    raise PhotoFailure(Reason.DENIED, detail)


def _retry_after(response: requests.Response) -> float:
    """Seconds that the server asks for, in number or date form; 0 if it asks for nothing."""
    try:
        return float(urllib3.Retry().parse_retry_after(response.headers.get("Retry-After", "0")))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return 0.0
