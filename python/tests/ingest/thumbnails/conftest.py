from collections.abc import Callable, Iterator
from typing import Any

import pytest

from photo_search.errors import PhotoFailure
from photo_search.ingest.thumbnails import pace
from photo_search.ingest.thumbnails.download import Fetched, HttpLimits, HttpSource
from photo_search.ingest.thumbnails.later import Later
from photo_server import PhotoServer, serve_photos


@pytest.fixture
def server() -> Iterator[PhotoServer]:
    with serve_photos() as server:
        yield server


class Clock:
    """A clock that moves on at once when a request waits."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


class ImpatientSource(HttpSource):
    """A source that records the waits between attempts instead of waiting."""

    def __init__(self, limits: HttpLimits) -> None:
        super().__init__(limits)
        self.waits: list[float] = []

    def __call__(self, url: str) -> Fetched:
        step = super().__call__(url)
        while isinstance(step, Later):
            self.waits.append(step.seconds)
            step = step.again()
        return step


def source(**limits: Any) -> ImpatientSource:
    """A source for this machine with these limits."""
    settings = {"hosts": frozenset({"127.0.0.1"}), "allow_private": True, "rate": 1e6, **limits}
    return ImpatientSource(HttpLimits(**settings))


def failure(fetch: Callable[[str], object], url: str) -> PhotoFailure:
    """Why the thumbnail at this URL cannot be used."""
    with pytest.raises(PhotoFailure) as caught:
        fetch(url)
    return caught.value
