"""The run: what is missing is fetched and embedded, then the output files are written."""

import ctypes
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from photo_search.dataset.read import RowNumbers
from photo_search.errors import TooManyFailuresError
from photo_search.pipeline.chunk import embed_chunk, join_slices
from photo_search.pipeline.conversions import write_conversions
from photo_search.pipeline.job import Job
from photo_search.pipeline.lock import only_run
from photo_search.pipeline.output import check_version, write_failures, write_photos
from photo_search.pipeline.parts import Parts
from photo_search.pipeline.plan import cut, missing, read_wanted
from photo_search.pipeline.progress import RunProgress, counted
from photo_search.pipeline.ray import embed_chunks_on_ray
from photo_search.storage import Folder
from photo_search.thumbnails.store import KeptSource

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
    ray: str | None = None


@dataclass(frozen=True)
class Summary:
    """What a run did, and what lies in the output folder after it."""

    embedding_version: str
    tried: int
    photos: int
    failures: dict[str, int]
    duplicate_photos: int
    malformed_rows: int
    malformed_examples: list[str]
    conversions: int
    conversions_without_photo_id: int
    seconds: float

    def text(self) -> str:
        """For people."""
        lines = [
            f"{self.photos} photos with vectors of version {self.embedding_version}, "
            f"{self.conversions} conversions; {self.tried} photos tried in {self.seconds} s.",
        ]
        if self.failures:
            lines.append(f"Without a vector: {counted(self.failures)}.")
        if self.duplicate_photos:
            lines.append(
                f"Repeated photo ids, of which the last row counts: {self.duplicate_photos}."
            )
        if self.conversions_without_photo_id:
            lines.append(
                f"Conversions without a valid photo_id: {self.conversions_without_photo_id}."
            )
        if self.malformed_rows:
            lines.append(f"Malformed rows left out: {self.malformed_rows}, among them:")
            lines += self.malformed_examples
        return "\n".join(lines)


def run_embed(job: Job, options: Options) -> Summary:
    """Embed what is missing, then write the files of the output folder.

    Raises PhotoSearchError; what was finished before then is kept for the next run.
    """
    _share_freed_memory()
    folder = Folder(job.out)
    with only_run(folder):
        folder.remove_temporary()
        check_version(folder, job.spec.version, options.re_embed)
        _join_broken_chunks(folder, job.spec.version)
        if options.re_embed:
            job = _with_kept_thumbnails(job, folder)
        summary = _run(job, options, folder)
        if options.re_embed:
            _remove_other_versions(folder, job.spec.version)
    if not summary.photos:
        raise TooManyFailuresError(
            f"No photo of {options.dataset} has a vector: "
            f"{counted(summary.failures) or 'it lists none'}. See {job.out}/photo_failures.parquet."
        )
    return summary


def _share_freed_memory() -> None:
    """Let every thread use what another has freed; kept apart, it would grow with the run."""
    pa.set_memory_pool(pa.system_memory_pool())
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(GLIBC_ARENA_MAX, 2)


def _run(job: Job, options: Options, folder: Folder) -> Summary:
    start, version = time.monotonic(), job.spec.version
    wanted = read_wanted(options.dataset, options.limit)
    conversions = write_conversions(options.dataset, folder)
    parts = Parts(folder, version)
    todo = missing(wanted, parts, options.retry_failed, options.recheck)
    try:
        _embed_chunks(job, options, todo, parts.next_number, wanted.count_embedded(parts))
    except TooManyFailuresError:
        _join_broken_chunks(folder, version)
        write_failures(folder, wanted, Parts(folder, version))
        raise
    parts = Parts(folder, version)
    failures = write_failures(folder, wanted, parts)
    return Summary(
        embedding_version=version,
        tried=len(todo),
        photos=write_photos(folder, options.dataset, wanted, parts, job.spec),
        failures=dict(failures),
        duplicate_photos=wanted.duplicates,
        malformed_rows=wanted.malformed.count + conversions.malformed.count,
        malformed_examples=wanted.malformed.examples + conversions.malformed.examples,
        conversions=conversions.rows,
        conversions_without_photo_id=conversions.bad_ids,
        seconds=round(time.monotonic() - start, 1),
    )


def _embed_chunks(
    job: Job, options: Options, todo: RowNumbers, first_number: int, embedded_before: int
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
                    f"kept; {job.out}/photo_failures.parquet says why. Mend the cause or raise "
                    "the limit, then run the same command again."
                )

        chunks = enumerate(cut(options.dataset, todo, options.chunk_size), first_number)
        if options.ray:
            embed_chunks_on_ray(options.ray, job, chunks, report)
            return
        for number, photos in chunks:
            embed_chunk(job, number, photos, report)


def _join_broken_chunks(folder: Folder, version: str) -> None:
    for slices in folder.names(f"parts/{version}/*.slices"):
        join_slices(folder, slices.removesuffix(".slices"))


def _with_kept_thumbnails(job: Job, folder: Folder) -> Job:
    """The job with the thumbnails that were fetched for earlier vectors taken from the store."""
    kept: dict[str, str] = {}
    for name in folder.names("parts/*/*.parquet"):
        with folder.open(name) as file:
            table = pq.read_table(file, columns=["thumbnail_url", "thumbnail_sha256"])
        pairs = zip(*(column.to_pylist() for column in table.columns), strict=True)
        kept |= {url: sha256 for url, sha256 in pairs if sha256}
    return replace(job, open_source=partial(KeptSource, job.open_source, job.out, kept))


def _remove_other_versions(folder: Folder, version: str) -> None:
    for name in folder.names("parts/*"):
        if name != f"parts/{version}":
            folder.remove(name)
