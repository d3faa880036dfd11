"""The run: what is missing is fetched and embedded, then the output files are written."""

import ctypes
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from photo_search.errors import DamagedFileError, TooManyFailuresError
from photo_search.ingest.dataset.files import Table, describe_look_alikes, find_table
from photo_search.ingest.dataset.read import RowNumbers
from photo_search.ingest.dataset.shapes import CONVERSIONS, PHOTOS
from photo_search.ingest.pipeline.chunk import embed_chunk, join_slices
from photo_search.ingest.pipeline.chunk_files import CHUNKS, ChunkFiles, chunk_folder
from photo_search.ingest.pipeline.conversions import CONVERSIONS_FILE, write_conversions
from photo_search.ingest.pipeline.job import Job
from photo_search.ingest.pipeline.lock import only_run
from photo_search.ingest.pipeline.output import (
    PHOTOS_FILE,
    STOPPED_FILE,
    check_version,
    write_failures,
    write_photos,
)
from photo_search.ingest.pipeline.parquet import read_chunk
from photo_search.ingest.pipeline.plan import Wanted, cut, missing, read_wanted
from photo_search.ingest.pipeline.progress import RunProgress, counted
from photo_search.ingest.pipeline.ray import embed_chunks_on_ray
from photo_search.ingest.thumbnails.store import KeptSource
from photo_search.storage import Folder

GLIBC_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


@dataclass(frozen=True)
class Options:
    """Which photos a run does, and when it gives up."""

    dataset: Path
    limit: int | None = None
    retry_failed: bool = False
    recheck: bool = False
    re_embed: bool = False
    chunk_size: int = 20_480
    max_failure_rate: float = 0.2
    literal_quotes: bool = False
    ray: str | None = None


@dataclass(frozen=True)
class Summary:
    """What a run did, and what lies in the output folder after it.

    Every row of the dataset is in one of the counts: `rows_read` is the sum of `photos`,
    `failures`, `photos_not_tried`, `duplicate_photos`, `photos_past_limit`, `conversions`,
    `conversions_without_photo_id`, `conversions_of_other_photos` and `malformed_rows`.
    """

    embedding_version: str
    tried: int
    rows_read: int
    photos: int
    failures: dict[str, int]
    photos_not_tried: int
    duplicate_photos: int
    photos_past_limit: int
    conversions: int
    conversions_without_photo_id: int
    conversions_of_other_photos: int
    malformed_rows: int
    malformed_examples: list[str]
    notes: list[str]
    seconds: float

    def text(self) -> str:
        """For people."""
        first = (
            f"{self.photos} photos with vectors of version {self.embedding_version}, "
            f"{self.conversions} conversions; {self.tried} photos tried in {self.seconds} s."
        )
        limited = (
            f"{self.photos_past_limit} photos, "
            f"{self.conversions_of_other_photos} conversions of other photos"
        )
        numbers = {
            "Without a vector": counted(self.failures),
            "Repeated photo ids, of which the last row counts": self.duplicate_photos,
            "Photos not tried yet": self.photos_not_tried,
            "Left out by the limit": self.photos_past_limit and limited,
            "Conversions without a valid photo_id": self.conversions_without_photo_id,
        }
        lines = [first, *(f"{name}: {number}." for name, number in numbers.items() if number)]
        if self.malformed_rows:
            lines.append(f"Malformed rows left out: {self.malformed_rows}, among them:")
        return "\n".join([*lines, *self.malformed_examples, *self.notes])


def run_embed(job: Job, options: Options) -> Summary:
    """Embed what is missing, then write the files of the output folder.

    Raises PhotoSearchError. The output files are then unchanged, and what was embedded is kept
    for the next run. Damaged files of earlier runs are moved aside and made again.
    """
    _share_freed_memory()
    folder = Folder(job.out)
    with only_run(folder):
        folder.remove_temporary()
        notes: list[str] = []
        if not check_version(folder, job.spec.version, options.re_embed):
            notes.append(f"{PHOTOS_FILE} was damaged and has been written again.")
        while True:
            try:
                summary = _run(job, options, folder, notes)
                break
            except DamagedFileError as error:
                folder.rename(error.name, f"{error.name}.damaged")
                notes.append(
                    f"{error.name} was damaged: it is now {error.name}.damaged, and its photos "
                    "were done again."
                )
        if folder.exists(STOPPED_FILE):
            folder.remove(STOPPED_FILE)
        if options.re_embed:
            _remove_other_versions(folder, job.spec.version)
    return summary


def _share_freed_memory() -> None:
    """Let every thread use memory that another has freed, or it grows with the run."""
    pa.set_memory_pool(pa.system_memory_pool())
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(GLIBC_ARENA_MAX, 2)


def _run(job: Job, options: Options, folder: Folder, notes: list[str]) -> Summary:
    start, version = time.monotonic(), job.spec.version
    photos = find_table(options.dataset, PHOTOS, options.literal_quotes)
    conversions = find_table(options.dataset, CONVERSIONS, options.literal_quotes)
    wanted = read_wanted(photos, options.limit)
    with folder.together() as files:
        # First, since a mistake in them should not show only after hours.
        only = None if options.limit is None else wanted.ids
        converted = write_conversions(conversions, folder, files, only)
        todo = _embed_missing(job, options, folder, photos, wanted)
        chunks = ChunkFiles(folder, version)
        failures = write_failures(files, wanted, chunks)
        count_photos = write_photos(files, photos, wanted, chunks, job.spec)
        if not count_photos:
            write_failures(folder, wanted, chunks, STOPPED_FILE)
            raise TooManyFailuresError(
                f"No photo of {options.dataset} has a vector: {counted(failures) or 'none tried'}. "
                f"{job.out}/{STOPPED_FILE} says why, the other files are as they were."
            )
    if converted.was_damaged:
        notes = [f"{CONVERSIONS_FILE} was damaged and has been written again.", *notes]
    return Summary(
        embedding_version=version,
        tried=len(todo),
        rows_read=wanted.count.total + converted.count.total,
        photos=count_photos,
        failures=dict(failures),
        photos_not_tried=len(wanted.rows) - count_photos - failures.total(),
        duplicate_photos=wanted.duplicates,
        photos_past_limit=wanted.past_limit,
        conversions=converted.rows,
        conversions_without_photo_id=converted.bad_ids,
        conversions_of_other_photos=converted.of_other_photos,
        malformed_rows=wanted.count.malformed + converted.count.malformed,
        malformed_examples=wanted.count.examples + converted.count.examples,
        notes=[*describe_look_alikes(photos, conversions), *notes],
        seconds=round(time.monotonic() - start, 1),
    )


def _embed_missing(
    job: Job, options: Options, folder: Folder, photos: Table, wanted: Wanted
) -> RowNumbers:
    """Embed the photos that are to be done and return their numbers in the dataset."""
    version = job.spec.version
    _join_broken_chunks(folder, version)
    chunks = ChunkFiles(folder, version)
    todo = missing(wanted, chunks, options.retry_failed, options.recheck)
    if options.re_embed:
        job = _with_kept_thumbnails(job, folder)
    try:
        _embed_chunks(job, options, photos, todo, chunks.next_number, wanted.count_embedded(chunks))
    except TooManyFailuresError:
        _join_broken_chunks(folder, version)
        write_failures(folder, wanted, ChunkFiles(folder, version), STOPPED_FILE)
        raise
    return todo


def _embed_chunks(
    job: Job,
    options: Options,
    photos: Table,
    todo: RowNumbers,
    first_number: int,
    embedded_before: int,
) -> None:
    if not len(todo):
        return
    with RunProgress(len(todo)) as progress:

        def report(reasons: Sequence[str | None]) -> None:
            progress.report(reasons)
            failed, tried = progress.reasons.total(), embedded_before + progress.done
            if failed > options.max_failure_rate * tried:
                raise TooManyFailuresError(
                    f"{failed} of {tried} photos failed ({counted(progress.reasons)}), more than "
                    f"--max-failure-rate {options.max_failure_rate} allows. What was embedded is "
                    f"kept; {job.out}/{STOPPED_FILE} says why. Remove the cause or raise "
                    "the limit, then run the same command again."
                )

        chunks = enumerate(cut(photos, todo, options.chunk_size), first_number)
        if options.ray:
            embed_chunks_on_ray(options.ray, job, chunks, report)
            return
        for number, chunk in chunks:
            embed_chunk(job, number, chunk, report)


def _join_broken_chunks(folder: Folder, version: str) -> None:
    for slices in folder.names(chunk_folder(version), ".slices"):
        join_slices(folder, slices.removesuffix(".slices"))


def _with_kept_thumbnails(job: Job, folder: Folder) -> Job:
    """The job with the thumbnails that were fetched for earlier vectors taken from the store."""
    kept: dict[str, str] = {}
    for version in folder.names(CHUNKS):
        for name in folder.names(version, ".parquet"):
            table = read_chunk(folder, name, ["thumbnail_url", "thumbnail_sha256"])
            pairs = zip(*(column.to_pylist() for column in table.columns), strict=True)
            kept |= {url: sha256 for url, sha256 in pairs if sha256}
    return replace(job, open_source=partial(KeptSource, job.open_source, job.out, kept))


def _remove_other_versions(folder: Folder, version: str) -> None:
    for name in folder.names(CHUNKS):
        if name != chunk_folder(version):
            folder.remove(name)
