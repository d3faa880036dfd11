"""Photos to pixels: fetched, kept, decoded and scaled, many at a time and in their order."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from photo_search.embedding.preprocess import Pixels, to_pixels
from photo_search.pipeline.job import Job
from photo_search.storage import Folder
from photo_search.thumbnails.decode import decode
from photo_search.thumbnails.download import thumbnail_url
from photo_search.thumbnails.failure import PhotoFailure, check_photo_id
from photo_search.thumbnails.store import keep

GROUP = 32  # photos that a worker is given at a time


class Photo(NamedTuple):
    """A photo to be embedded."""

    photo_id: str
    photo_image_url: str


class Prepared(NamedTuple):
    """A photo on its way to the model: its row so far, and its pixels unless it has failed."""

    row: dict[str, Any]
    pixels: Pixels | None


class Workshop:
    """Prepares photos in as many threads as the job has connections."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._folder = Folder(job.out)
        self._source = job.open_source()
        self._threads = ThreadPoolExecutor(job.connections)

    def prepare(self, photos: Sequence[Photo]) -> list[Prepared]:
        return list(self._threads.map(self._prepare, photos))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _prepare(self, photo: Photo) -> Prepared:
        url = thumbnail_url(photo.photo_image_url, dict(self._job.spec.thumbnail))
        row: dict[str, Any] = {**photo._asdict(), "thumbnail_url": url, "attempts": 0}
        try:
            check_photo_id(photo.photo_id)
            content, row["attempts"] = self._source(url)
            image = decode(content)
        except PhotoFailure as failure:
            row["attempts"] = max(row["attempts"], failure.attempts)
            row |= {"reason": failure.reason, "detail": failure.detail}
            return Prepared({**row, "failed_at": datetime.now(UTC)}, None)
        row["thumbnail_sha256"] = keep(self._folder, content)
        row["thumbnail_width"], row["thumbnail_height"] = image.size
        return Prepared(row, to_pixels(image, self._job.spec.preprocessing.size))


@contextmanager
def prepared(job: Job, photos: Sequence[Photo], ahead: int) -> Iterator[Iterator[Prepared]]:
    """The photos in their order, prepared while earlier ones are used, about `ahead` of them.

    Threads do it, or processes where the job has some: those let a fast GPU not wait for the
    one interpreter lock.
    """
    groups = [photos[start : start + GROUP] for start in range(0, len(photos), GROUP)]
    workshop = None
    if job.processes:
        prepare: Callable[[Sequence[Photo]], list[Prepared]] = _prepare_in_process
        workers: Executor = ProcessPoolExecutor(
            job.processes, multiprocessing.get_context("spawn"), _open_workshop, (job,)
        )
    else:
        workshop = Workshop(job)
        prepare, workers = workshop.prepare, ThreadPoolExecutor(ahead // GROUP + 1)
    try:
        yield _in_order(workers, prepare, groups, ahead // GROUP + 1)
    finally:
        workers.shutdown(wait=False, cancel_futures=True)
        if workshop:
            workshop.close()


def _in_order(
    workers: Executor,
    prepare: Callable[[Sequence[Photo]], list[Prepared]],
    groups: Sequence[Sequence[Photo]],
    ahead: int,
) -> Iterator[Prepared]:
    pending: deque[Future[list[Prepared]]] = deque()
    for group in groups:
        pending.append(workers.submit(prepare, group))
        if len(pending) > ahead:
            yield from pending.popleft().result()
    while pending:
        yield from pending.popleft().result()


_workshop: Workshop


def _open_workshop(job: Job) -> None:
    """Give this worker process its workshop."""
    global _workshop
    _workshop = Workshop(job)


def _prepare_in_process(photos: Sequence[Photo]) -> list[Prepared]:
    return _workshop.prepare(photos)
