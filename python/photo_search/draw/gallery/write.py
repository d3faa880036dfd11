"""Write shareable pages: rows and the thumbnail store in, one file or one folder out."""

import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from photo_search.ask.comparison import Comparison, compare, read_movers, read_new, read_old
from photo_search.ask.showcases import Showcase
from photo_search.draw.gallery.draw import draw_comparison, draw_gallery, thumbnail_beside
from photo_search.draw.kit.thumbnails import read_thumbnails
from photo_search.errors import OutputError
from photo_search.ingest.embedding.record import read_record
from photo_search.warehouse import Project

OURS = {"index.html", "thumbnails"}


def write_gallery(
    showcases: Sequence[Showcase], data: str, out: Path, as_folder: bool = False
) -> None:
    """Draw `showcases` into the file `out`, or into the folder `out` with thumbnails as files.

    `data` is the folder that `photo-search embed` filled: its thumbnails, and the record of the
    model in its photos.parquet. What it lacks, the page says it lacks.
    Raises DatasetError (photos.parquet is damaged) or OutputError (no room, no permission).
    """
    photos = [photo for showcase in showcases for photo in showcase.photos]
    versions = sorted({photo.embedding_version for photo in photos})
    records = [read_record(data, version) for version in versions]
    thumbnails = read_thumbnails(data, photos)
    page = draw_gallery(showcases, thumbnails, records, beside=as_folder)
    _write(page, thumbnails, out, as_folder)


def write_comparison(
    project: Project, old: str, data: str, out: Path, as_folder: bool = False
) -> Comparison:
    """Draw how neighbours changed from the vectors in `old` to those of the target.

    Raises DatasetError (`old` is no photos.parquet), WarehouseError, OutputError.
    """
    before = read_old(old)
    with project.open() as warehouse:
        comparison = compare(before, read_new(warehouse), warehouse.neighbours_per_photo)
        movers = read_movers(warehouse, comparison)
    thumbnails = read_thumbnails(data, [p for mover in movers for p in mover.photos])
    records = [read_record(data, comparison.new_version)]
    page = draw_comparison(comparison, movers, thumbnails, records, beside=as_folder)
    _write(page, thumbnails, out, as_folder)
    return comparison


def write_page(page: str, out: Path) -> None:
    """Write under a temporary name, then rename, so that a page is never half written.

    Raises OutputError.
    """
    temporary = _temporary(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(page, encoding="utf-8")
        temporary.replace(out)
    except OSError as error:
        raise _cannot_write(out, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_folder(page: str, thumbnails: Mapping[str, bytes], out: Path) -> None:
    """Write index.html and its thumbnails, in place of what an earlier call wrote.

    Raises OutputError, also if `out` holds anything else.
    """
    if out.exists() and not (out.is_dir() and {file.name for file in out.iterdir()} <= OURS):
        raise OutputError(f"{out} holds other things than a gallery. Name another with --folder.")
    temporary, earlier = _temporary(out), _temporary(out)
    try:
        (temporary / "thumbnails").mkdir(parents=True)
        for sha256, content in thumbnails.items():
            (temporary / thumbnail_beside(sha256, content)).write_bytes(content)
        (temporary / "index.html").write_text(page, encoding="utf-8")
        if out.exists():
            out.rename(earlier)
        temporary.rename(out)
    except OSError as error:
        if earlier.exists():
            earlier.rename(out)
        raise _cannot_write(out, error) from error
    finally:
        for folder in (temporary, earlier):
            shutil.rmtree(folder, ignore_errors=True)


def _write(page: str, thumbnails: Mapping[str, bytes], out: Path, as_folder: bool) -> None:
    if as_folder:
        write_folder(page, thumbnails, out)
    else:
        write_page(page, out)


def _temporary(out: Path) -> Path:
    return out.with_name(f"{out.name}.{uuid.uuid4().hex}.tmp")


def _cannot_write(out: Path, error: OSError) -> OutputError:
    reason = error.strerror or error
    return OutputError(f"{out} cannot be written: {reason}. Name another place with --out.")
