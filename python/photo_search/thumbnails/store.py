"""Thumbnails on disk, named by the hash of their bytes."""

import hashlib
from collections.abc import Callable

from photo_search.storage import Folder
from photo_search.thumbnails.download import Fetched, Source


def thumbnail_name(sha256: str) -> str:
    """Where the thumbnail lies in the output folder. No name depends on upper and lower case."""
    return f"thumbnails/{sha256[:2]}/{sha256}.jpg"


def keep(folder: Folder, content: bytes) -> str:
    """Store the bytes as received, once, and return their SHA-256 in hex."""
    sha256 = hashlib.sha256(content).hexdigest()
    name = thumbnail_name(sha256)
    if not folder.exists(name):
        folder.write(name, lambda file: file.write(content), durable=False)
    return sha256


class KeptSource:
    """Reads thumbnails that are in the store and asks another source for the rest."""

    def __init__(self, open_source: Callable[[], Source], out: str, kept: dict[str, str]) -> None:
        """`kept` maps the URL of a thumbnail to its SHA-256."""
        self._source = open_source()
        self._folder = Folder(out)
        self._kept = kept

    def __call__(self, url: str) -> Fetched:
        sha256 = self._kept.get(url, "")
        name = thumbnail_name(sha256)
        if sha256 and self._folder.exists(name):
            with self._folder.open(name) as file:
                content = file.read()
            if hashlib.sha256(content).hexdigest() == sha256:
                return Fetched(content, attempts=0)
        return self._source(url)
