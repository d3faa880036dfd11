"""Write the gallery: rows and the thumbnail store in, one file out."""

import hashlib
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from photo_search.embedding.record import read_record
from photo_search.errors import OutputError
from photo_search.gallery.draw import draw_gallery
from photo_search.gallery.rows import Showcase
from photo_search.storage import Folder
from photo_search.thumbnails.store import thumbnail_name


def write_gallery(showcases: Sequence[Showcase], data: str, out: Path) -> None:
    """Draw `showcases` into the file `out`.

    `data` is the folder that `photo-search embed` filled: its thumbnails, and the record of the
    model in its photos.parquet. What it lacks, the page says it lacks.
    Raises DatasetError (photos.parquet is damaged) or OutputError (no room, no permission).
    """
    photos = [photo for showcase in showcases for photo in showcase.photos]
    folder = Folder(data)
    kept = {
        photo.thumbnail_sha256: read_thumbnail(folder, photo.thumbnail_sha256) for photo in photos
    }
    thumbnails = {name: content for name, content in kept.items() if content is not None}
    versions = sorted({photo.embedding_version for photo in photos})
    records = [read_record(data, version) for version in versions]
    _write_whole(out, draw_gallery(showcases, thumbnails, records))


def read_thumbnail(data: Folder, sha256: str) -> bytes | None:
    """The bytes with that hash, or None if they are not in the store or not whole."""
    name = thumbnail_name(sha256)
    if not data.exists(name):
        return None
    with data.open(name) as file:
        content: bytes = file.read()
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


def _write_whole(out: Path, page: str) -> None:
    """Write under a temporary name, then rename: nobody ever opens half a page."""
    temporary = out.with_name(f"{out.name}.{uuid.uuid4().hex}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(page, encoding="utf-8")
        temporary.replace(out)
    except OSError as error:
        raise OutputError(
            f"{out} cannot be written: {error.strerror or error}. Name another file with --out."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
