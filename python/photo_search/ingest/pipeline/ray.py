"""Chunks on a Ray cluster, which schedules them, retries them and places GPUs."""

from collections.abc import Iterable, Sequence
from typing import Any

from photo_search.errors import OutputError, PhotoSearchError
from photo_search.ingest.pipeline.chunk import Report, embed_chunk
from photo_search.ingest.pipeline.job import Job
from photo_search.ingest.pipeline.prepare import PhotoToEmbed

RETRIES = 3  # of a chunk whose worker died
WAITING = 2  # chunks per worker that are handed over in advance


def embed_chunks_on_ray(
    address: str, job: Job, chunks: Iterable[tuple[int, Sequence[PhotoToEmbed]]], report: Report
) -> None:
    """Embed chunks wherever the cluster has a free processor, or a GPU if it has any.

    `address` is Ray's: `auto`, `ray://host:10001`, or `local` for a cluster on this machine. The
    output folder must be the same for all workers. `report` is called once per finished chunk.
    """
    try:
        import ray
    except ImportError as error:
        raise PhotoSearchError(
            "--ray needs Ray: pip install 'photo-search[ray]', here and on the cluster."
        ) from error
    ray.init(address, ignore_reinit_error=True, log_to_driver=False)
    resources = ray.cluster_resources()
    gpus = 1 if resources.get("GPU") else 0
    places = int(resources.get("GPU") or resources["CPU"])
    task = ray.remote(_embed_chunk).options(num_gpus=gpus, max_retries=RETRIES)
    running: list[Any] = []
    try:
        for number, photos in chunks:
            running.append(task.remote(job, number, photos))
            if len(running) >= WAITING * places:
                running = _collect(running, report)
        while running:
            running = _collect(running, report)
    except ray.exceptions.RayTaskError as error:
        raise error.cause if isinstance(error.cause, PhotoSearchError) else error from error
    except ray.exceptions.RayError as error:
        raise OutputError(f"The Ray cluster gave up: {error}") from error
    finally:
        for reference in running:
            ray.cancel(reference)
        ray.shutdown()


def _embed_chunk(job: Job, number: int, photos: Sequence[PhotoToEmbed]) -> list[str | None]:
    reasons: list[str | None] = []
    embed_chunk(job, number, photos, reasons.extend)
    return reasons


def _collect(running: list[Any], report: Report) -> list[Any]:
    """Report one chunk that has finished and return those that have not."""
    import ray

    finished, running = ray.wait(running)
    report(ray.get(finished[0]))
    return running
