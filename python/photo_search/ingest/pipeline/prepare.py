"""Photos to pixels: fetched, kept, decoded and scaled, many at a time and in their order."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from photo_search.errors import PhotoFailure
from photo_search.ingest.embedding.preprocess import Pixels, to_pixels
from photo_search.ingest.pipeline.in_order import InOrder, Step
from photo_search.ingest.pipeline.job import Job
from photo_search.ingest.thumbnails.decode import decode
from photo_search.ingest.thumbnails.download import Fetched, thumbnail_url
from photo_search.ingest.thumbnails.later import Later
from photo_search.ingest.thumbnails.store import keep
from photo_search.photo_id import check_photo_id
from photo_search.storage import Folder

GROUP = 32  # photos that a process is given at a time
ROOM = 64 << 20  # bytes of thumbnails that wait for an earlier photo that is late
ROW_BYTES = 2 << 10  # that a photo takes besides its thumbnail


class PhotoToEmbed(NamedTuple):
    """A photo to be embedded."""

    photo_id: str
    photo_image_url: str


class Thumbnail(NamedTuple):
    """A photo's row so far, and the bytes of its thumbnail unless it has failed."""

    row: dict[str, Any]
    content: bytes | None

    @property
    def size(self) -> int:
        return ROW_BYTES + len(self.content or b"")


class Prepared(NamedTuple):
    """A photo on its way to the model: its row so far, and its pixels unless it has failed."""

    row: dict[str, Any]
    pixels: Pixels | None


class Fetcher:
    """Fetches photos. Many threads may use it at once."""

    def __init__(self, job: Job) -> None:
        self._parameters = dict(job.spec.thumbnail)
        self._source = job.open_source()

    def __call__(self, photo: PhotoToEmbed) -> Thumbnail | Later[Thumbnail]:
        url = thumbnail_url(photo.photo_image_url, self._parameters)
        row: dict[str, Any] = {**photo._asdict(), "thumbnail_url": url, "attempts": 0}

        def begin() -> Fetched | Later[Fetched]:
            check_photo_id(photo.photo_id)
            return self._source(url)

        return self._fetch(row, begin)

    def _fetch(self, row: dict[str, Any], step: Step[Fetched]) -> Thumbnail | Later[Thumbnail]:
        try:
            fetched = step()
        except PhotoFailure as failure:
            return Thumbnail(_failed(row, failure), None)
        if isinstance(fetched, Later):
            return Later(fetched.seconds, partial(self._fetch, row, fetched.again))
        return Thumbnail({**row, "attempts": fetched.attempts}, fetched.content)


class Workshop:
    """Turns thumbnails into pixels and keeps them. Many threads may use it at once."""

    def __init__(self, job: Job) -> None:
        self._folder = Folder(job.out)
        self._size = job.spec.preprocessing.size

    def prepare(self, thumbnail: Thumbnail) -> Prepared:
        row, content = thumbnail
        if content is None:
            return Prepared(row, None)
        try:
            image = decode(content)
        except PhotoFailure as failure:
            return Prepared(_failed(row, failure), None)
        row["thumbnail_sha256"] = keep(self._folder, content)
        row["thumbnail_width"], row["thumbnail_height"] = image.size
        return Prepared(row, to_pixels(image, self._size))

    def prepare_group(self, thumbnails: list[Thumbnail]) -> list[Prepared]:
        return [self.prepare(thumbnail) for thumbnail in thumbnails]


def _failed(row: dict[str, Any], failure: PhotoFailure) -> dict[str, Any]:
    return {
        **row,
        "attempts": max(row["attempts"], failure.attempts),
        "reason": failure.reason,
        "detail": failure.detail,
        "failed_at": datetime.now(UTC),
    }


def fetched(
    job: Job, photos: Sequence[PhotoToEmbed], ahead: int
) -> closing[InOrder[PhotoToEmbed, Thumbnail]]:
    """The thumbnails of the photos in their order, by as many threads as the job has connections.

    If one photo is late, later ones are still fetched, up to ROOM bytes of thumbnails.
    """
    return closing(
        InOrder(
            Fetcher(job),
            photos,
            threads=job.connections,
            ahead=ahead,
            room=ROOM,
            size_of=lambda thumbnail: thumbnail.size,
        )
    )


@contextmanager
def prepared(job: Job, photos: Sequence[PhotoToEmbed], ahead: int) -> Iterator[Iterator[Prepared]]:
    """The photos in their order, prepared while earlier ones are used, about `ahead` of them.

    Threads decode them, or processes if the job has some. A fast GPU would have to wait for
    threads, because they share one interpreter lock.
    """
    decoders: Executor
    if job.processes:
        context = multiprocessing.get_context("spawn")
        decoders = ProcessPoolExecutor(job.processes, context, _open_workshop, (job,))
        prepare, group = _prepare_in_process, GROUP
    else:
        decoders = ThreadPoolExecutor(job.connections)
        prepare, group = Workshop(job).prepare_group, 1
    try:
        with fetched(job, photos, ahead) as thumbnails:
            yield _in_groups(decoders, prepare, thumbnails, group, ahead)
    finally:
        decoders.shutdown(wait=False, cancel_futures=True)


def _in_groups(
    decoders: Executor,
    prepare_group: Callable[[list[Thumbnail]], list[Prepared]],
    thumbnails: InOrder[PhotoToEmbed, Thumbnail],
    size: int,
    ahead: int,
) -> Iterator[Prepared]:
    """The thumbnails prepared, in their order, about `ahead` of them at a time.

    What is prepared is handed over before it waits for a thumbnail that is not there yet.
    """
    pending: deque[Future[list[Prepared]]] = deque()
    while True:
        while (
            len(pending) * size <= ahead
            and (not pending or thumbnails.is_ready())
            and (group := thumbnails.take(size))
        ):
            pending.append(decoders.submit(prepare_group, group))
        if not pending:
            return
        yield from pending.popleft().result()


_workshop: Workshop
_threads: ThreadPoolExecutor


def _open_workshop(job: Job) -> None:
    global _workshop, _threads
    _workshop, _threads = Workshop(job), ThreadPoolExecutor(job.connections)


def _prepare_in_process(thumbnails: list[Thumbnail]) -> list[Prepared]:
    return list(_threads.map(_workshop.prepare, thumbnails))
