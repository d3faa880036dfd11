"""A chunk: some thousand photos that one process fetches, embeds and writes as one file.

Its work depends on nothing but its arguments, so any machine can do it, and do it again. Inside,
a chunk is cut into slices, each written as soon as it is done.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from photo_search.errors import ModelError
from photo_search.ingest.embedding.encoder import DIMENSION, ImageEncoder, Vectors
from photo_search.ingest.embedding.models import ModelFiles
from photo_search.ingest.pipeline.chunk_files import chunk_folder
from photo_search.ingest.pipeline.job import Job
from photo_search.ingest.pipeline.parquet import (
    CHUNK_SCHEMA,
    read_chunk,
    with_version,
    write_tables,
)
from photo_search.ingest.pipeline.prepare import PhotoToEmbed, Prepared, prepared
from photo_search.storage import Folder

SLICE_BATCHES = 16  # in batches of 32 at 10 photos a second, under a minute
Report = Callable[[Sequence[str | None]], None]


def embed_chunk(job: Job, number: int, photos: Sequence[PhotoToEmbed], report: Report) -> None:
    """Embed the photos and write them as chunk `number` of the job's embedding version.

    After each slice `report` gets one item per photo: None, or the reason why it has no vector.
    Slices that an earlier attempt at this chunk has written are not done again.
    """
    folder, chunk = Folder(job.out), f"{chunk_folder(job.spec.version)}/{number:06}"
    encoder = _encoder(job.model, job.spec.precision, job.spec.backend)
    size = SLICE_BATCHES * encoder.batch_size
    done = size * len(folder.names(f"{chunk}.slices", ".parquet"))
    with prepared(job, photos[done:], ahead=4 * encoder.batch_size) as items:
        for start in range(done, len(photos), size):
            rows = list(_embed(encoder, islice(items, size)))
            table = pa.Table.from_pylist(rows, schema=CHUNK_SCHEMA)
            schema = with_version(CHUNK_SCHEMA, job.spec)
            write_tables(folder, f"{chunk}.slices/{start // size:04}.parquet", schema, [table])
            report([row.get("reason") for row in rows])
    join_slices(folder, chunk)


def join_slices(folder: Folder, chunk: str) -> None:
    """Make one chunk of the slices that are there. Raises DamagedFileError."""
    names = folder.names(f"{chunk}.slices", ".parquet")
    if names:
        columns = CHUNK_SCHEMA.names
        schema = read_chunk(folder, names[0], columns).schema
        tables = (read_chunk(folder, name, columns) for name in names)
        write_tables(folder, f"{chunk}.parquet", schema, tables)
        folder.remove(f"{chunk}.slices")


@functools.lru_cache(maxsize=1)
def _encoder(model: ModelFiles, precision: str, backend: str) -> ImageEncoder:
    """Loaded when first needed and once per process, which may be given many chunks."""
    from photo_search.ingest.embedding.clip import load_encoder

    return load_encoder(model, precision, backend)


def _embed(encoder: ImageEncoder, items: Iterator[Prepared]) -> Iterator[dict[str, Any]]:
    """The rows in their order. Those with pixels get their vectors, a full batch at a time."""
    batch: list[Prepared] = []
    pictures = 0
    for item in items:
        batch.append(item)
        pictures += item.pixels is not None
        if pictures == encoder.batch_size:
            yield from _with_vectors(encoder, batch)
            batch, pictures = [], 0
    yield from _with_vectors(encoder, batch)


def _with_vectors(encoder: ImageEncoder, batch: list[Prepared]) -> Iterator[dict[str, Any]]:
    pictures = [item.pixels for item in batch if item.pixels is not None]
    vectors = iter(_checked(encoder(np.stack(pictures))) if pictures else ())
    for row, pixels in batch:
        yield row if pixels is None else {**row, "photo_embed": next(vectors)}


def _checked(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1)
    if vectors.shape[1:] != (DIMENSION,) or not np.allclose(lengths, 1, atol=1e-3):
        raise ModelError(
            f"The model gave vectors of shape {vectors.shape} and lengths from {lengths.min()} to "
            f"{lengths.max()}; needed are {DIMENSION} numbers and a length of 1. If a number is "
            "missing (nan), try --precision float32."
        )
    return vectors
