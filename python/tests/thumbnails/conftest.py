from collections.abc import Iterator

import pytest

from photo_server import PhotoServer, serve_photos


@pytest.fixture
def server() -> Iterator[PhotoServer]:
    with serve_photos() as server:
        yield server
