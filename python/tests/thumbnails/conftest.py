from collections.abc import Iterator
from typing import Any

import pytest

from photo_search.thumbnails.download import Fetched, HttpLimits, HttpSource
from photo_search.thumbnails.failure import PhotoFailure
from photo_server import PhotoServer, serve_photos


@pytest.fixture
def server() -> Iterator[PhotoServer]:
    with serve_photos() as server:
        yield server


def fetch(url: str, **limits: Any) -> Fetched:
    """The thumbnail at a URL on this machine, with these limits."""
    settings = {"hosts": frozenset({"127.0.0.1"}), "allow_private": True, "rate": 1e6, **limits}
    step = HttpSource(HttpLimits(**settings))(url)
    return step


def failure(url: str, **limits: Any) -> PhotoFailure:
    """Why the thumbnail at a URL on this machine cannot be used."""
    with pytest.raises(PhotoFailure) as caught:
        fetch(url, **limits)
    return caught.value
