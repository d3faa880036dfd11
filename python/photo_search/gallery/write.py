"""Write shareable pages: rows and the thumbnail store in, one file out."""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from photo_search.embedding.record import read_record
from photo_search.errors import OutputError
from photo_search.gallery.compare import Comparison, compare, read_movers, read_new, read_old
from photo_search.gallery.draw import draw_comparison, draw_gallery
from photo_search.gallery.rows import Showcase
from photo_search.search.photos import Photo
from photo_search.storage import Folder
from photo_search.thumbnails.store import read_kept
from photo_search.warehouse.project import Project

NEIGHBOURS = 10


def write_gallery(showcases: Sequence[Showcase], data: str, out: Path) -> None:
    """Draw `showcases` into the file `out`.

    `data` is the folder that `photo-search embed` filled: its thumbnails, and the record of the
    model in its photos.parquet. What it lacks, the page says it lacks.
    Raises DatasetError (photos.parquet is damaged) or OutputError (no room, no permission).
    """
    photos = [photo for showcase in showcases for photo in showcase.photos]
    versions = sorted({photo.embedding_version for photo in photos})
    records = [read_record(data, version) for version in versions]
    write_page(draw_gallery(showcases, read_thumbnails(Folder(data), photos), records), out)


def write_comparison(project: Project, old: str, data: str, out: Path) -> Comparison:
    """Draw into `out` how neighbours changed from the vectors in `old` to those of the target.

    Raises DatasetError (`old` is no photos.parquet), WarehouseError, OutputError.
    """
    before = read_old(old)
    with project.open() as warehouse:
        comparison = compare(before, read_new(warehouse), NEIGHBOURS)
        movers = read_movers(warehouse, comparison)
    thumbnails = read_thumbnails(Folder(data), [p for mover in movers for p in mover.photos])
    records = [read_record(data, comparison.new_version)]
    write_page(draw_comparison(comparison, movers, thumbnails, records), out)
    return comparison


def read_thumbnails(data: Folder, photos: Iterable[Photo]) -> dict[str, bytes]:
    """By SHA-256, the thumbnails that are in the store and whole."""
    hashes = {photo.thumbnail_sha256 for photo in photos}
    kept = {sha256: read_kept(data, sha256) for sha256 in hashes}
    return {sha256: content for sha256, content in kept.items() if content is not None}


def write_page(page: str, out: Path) -> None:
    """Write under a temporary name, then rename: nobody ever opens half a page.

    Raises OutputError.
    """
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
