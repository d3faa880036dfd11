"""Thumbnails on disk, named by the hash of their bytes."""

import hashlib
from collections.abc import Callable

from photo_search.ingest.thumbnails.download import Fetched, Source
from photo_search.ingest.thumbnails.later import Later
from photo_search.storage import Folder


def thumbnail_name(sha256: str) -> str:
    """Where the thumbnail lies in the output folder. No name depends on upper and lower case."""
    return f"thumbnails/{sha256[:2]}/{sha256}.jpg"


def keep(folder: Folder, content: bytes) -> str:
    """Store the bytes as received, once, and return their SHA-256 in hex.

    A damaged file of that hash is replaced.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    if read_kept(folder, sha256) is None:
        name = thumbnail_name(sha256)
        folder.write(name, lambda file: file.write(content), durable=False)
    return sha256


def read_kept(folder: Folder, sha256: str) -> bytes | None:
    """The bytes with that hash, or None if they are not in the store or not whole."""
    name = thumbnail_name(sha256)
    if not folder.exists(name):
        return None
    with folder.open(name) as file:
        content: bytes = file.read()
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


class KeptSource:
    """Reads thumbnails that are in the store and asks another source for the rest."""

    def __init__(self, open_source: Callable[[], Source], out: str, kept: dict[str, str]) -> None:
        """`kept` maps the URL of a thumbnail to its SHA-256."""
        self._source = open_source()
        self._folder = Folder(out)
        self._kept = kept

    def __call__(self, url: str) -> Fetched | Later[Fetched]:
        sha256 = self._kept.get(url)
        content = read_kept(self._folder, sha256) if sha256 else None
        return self._source(url) if content is None else Fetched(content, attempts=0)
