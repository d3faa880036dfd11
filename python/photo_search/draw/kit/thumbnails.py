"""Thumbnails as pages show them."""

import io
from collections.abc import Iterable

from PIL import Image

from photo_search.ask.photos import Photo
from photo_search.errors import PhotoFailure
from photo_search.ingest.thumbnails.decode import decode
from photo_search.ingest.thumbnails.store import read_kept
from photo_search.storage import Folder

SHOWN_SIDE = 480  # pixels; twice the width of a frame, for fine screens
LARGEST_SHOWN = 64 << 10  # bytes; a thumbnail of 200 pixels has about 10 KB


def read_thumbnails(data: str, photos: Iterable[Photo]) -> dict[str, bytes]:
    """By SHA-256, the thumbnails in the folder `data` that are whole, small enough for a page."""
    folder = Folder(data)
    hashes = {photo.thumbnail_sha256 for photo in photos}
    kept = {sha256: read_kept(folder, sha256) for sha256 in hashes}
    return {name: fit_for_pages(content) for name, content in kept.items() if content is not None}


def fit_for_pages(content: bytes) -> bytes:
    """A thumbnail as pages show it: as it was kept, or a small JPEG in place of a large file.

    A server that does not scale sends whole photos. The store keeps them as they came.
    """
    if len(content) <= LARGEST_SHOWN:
        return content
    try:
        return small_jpeg(decode(content, SHOWN_SIDE))
    except PhotoFailure:  # by an older version, which was less strict
        return content


def small_jpeg(image: Image.Image, side: int = SHOWN_SIDE) -> bytes:
    content = io.BytesIO()
    small = image.copy()
    small.thumbnail((side, side))
    small.save(content, "JPEG")
    return content.getvalue()
