"""Photos to pixels: fetched, kept, decoded and scaled, many at a time and in their order."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from photo_search.embedding.preprocess import Pixels, to_pixels
from photo_search.pipeline.job import Job
from photo_search.storage import Folder
from photo_search.thumbnails.decode import decode
from photo_search.thumbnails.download import thumbnail_url
from photo_search.thumbnails.failure import PhotoFailure, check_photo_id
from photo_search.thumbnails.store import keep

GROUP = 32  # photos that a process is given at a time
Item = TypeVar("Item")
Result = TypeVar("Result")


class Photo(NamedTuple):
    """A photo to be embedded."""

    photo_id: str
    photo_image_url: str


class Prepared(NamedTuple):
    """A photo on its way to the model: its row so far, and its pixels unless it has failed."""

    row: dict[str, Any]
    pixels: Pixels | None


class Workshop:
    """Prepares photos; many threads may use it at once."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._folder = Folder(job.out)
        self._source = job.open_source()

    def prepare(self, photo: Photo) -> Prepared:
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

    As many threads as the job has connections do it; or processes where the job has some, which
    let a fast GPU not wait for the one interpreter lock.
    """
    if job.processes:
        groups = [photos[start : start + GROUP] for start in range(0, len(photos), GROUP)]
        workers: Executor = ProcessPoolExecutor(
            job.processes, multiprocessing.get_context("spawn"), _open_workshop, (job,)
        )
        results = _in_order(workers, _prepare_in_process, groups, ahead // GROUP + 1)
        items: Iterator[Prepared] = chain.from_iterable(results)
    else:
        workers = ThreadPoolExecutor(job.connections)
        items = _in_order(workers, Workshop(job).prepare, photos, ahead)
    try:
        yield items
    finally:
        workers.shutdown(wait=False, cancel_futures=True)


def _in_order(
    workers: Executor, work: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[Result]:
    """Results in the order of the items, begun in that order, `ahead` of them at a time."""
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(workers.submit(work, item))
        if len(pending) > ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


_workshop: Workshop
_threads: ThreadPoolExecutor


def _open_workshop(job: Job) -> None:
    """Give this worker process its workshop."""
    global _workshop, _threads
    _workshop, _threads = Workshop(job), ThreadPoolExecutor(job.connections)


def _prepare_in_process(photos: Sequence[Photo]) -> list[Prepared]:
    return list(_threads.map(_workshop.prepare, photos))
