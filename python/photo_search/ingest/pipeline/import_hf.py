"""MyScale's published embeddings of Unsplash Lite as our output files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from photo_search.errors import DatasetError
from photo_search.ingest.dataset.fetch import download
from photo_search.ingest.embedding.encoder import DIMENSION
from photo_search.ingest.embedding.models import DEFAULT_MODEL
from photo_search.ingest.embedding.preprocess import Preprocessing
from photo_search.ingest.embedding.version import UNKNOWN, EmbeddingSpec
from photo_search.ingest.pipeline.conversions import CONVERSIONS_FILE
from photo_search.ingest.pipeline.keys import are_valid
from photo_search.ingest.pipeline.lock import only_run
from photo_search.ingest.pipeline.output import FAILURES_FILE, PHOTOS_FILE, check_version
from photo_search.ingest.pipeline.parquet import (
    CONVERSIONS_SCHEMA,
    FAILURES_SCHEMA,
    PHOTOS_SCHEMA,
    VECTOR,
    open_parquet,
    with_version,
    write_tables,
)
from photo_search.ingest.thumbnails.download import THUMBNAIL, thumbnail_url
from photo_search.storage import Folder

ADDRESS = "https://huggingface.co/datasets/myscale/unsplash-examples/resolve/main"
PHOTOS_ADDRESS = f"{ADDRESS}/photos-all.parquet"
CONVERSIONS_ADDRESS = f"{ADDRESS}/conversions-all.parquet"
# Their notebook made the vectors. It does not name weights and revision.
SPEC = EmbeddingSpec(
    model=DEFAULT_MODEL,
    revision=UNKNOWN,
    weights_sha256=UNKNOWN,
    preprocessing=Preprocessing(),
    thumbnail=tuple(THUMBNAIL.items()),
    precision="float32",
    backend="myscale/unsplash-examples",
)
ROWS_AT_A_TIME = 4096


@dataclass(frozen=True)
class Imported:
    """Rows written, and rows left out.

    A photo is left out for a bad id or without a unit vector of 512 numbers, a conversion for a bad
    id.
    """

    photos: int
    photos_left_out: int
    conversions: int
    conversions_left_out: int


def import_myscale(
    photos: str | None, conversions: str | None, out: str, re_embed: bool = False
) -> Imported:
    """Write photos.parquet and conversions.parquet from a file or an https address of each.

    Hashes and sizes of thumbnails are not known: they are written as empty text and 0.
    Raises DatasetError, FetchError, EmbeddingVersionError. The output is then unchanged.
    """
    folder, left_out, conversions_left_out = Folder(out), 0, 0

    def photo_tables() -> Iterator[pa.Table]:
        nonlocal left_out
        for batch in _batches(
            photos or PHOTOS_ADDRESS, folder, ("photo_id", "photo_image_url", "photo_embed")
        ):
            table = _photo_table(batch)
            left_out += batch.num_rows - table.num_rows
            yield table

    def conversion_tables() -> Iterator[pa.Table]:
        nonlocal conversions_left_out
        for batch in _batches(conversions or CONVERSIONS_ADDRESS, folder, ("photo_id", "keyword")):
            good = batch.filter(are_valid(batch["photo_id"]))
            conversions_left_out += batch.num_rows - good.num_rows
            yield _fill(CONVERSIONS_SCHEMA, dict(zip(good.schema.names, good.columns, strict=True)))

    with only_run(folder):
        folder.remove_temporary()
        check_version(folder, SPEC.version, re_embed)
        schema = with_version(PHOTOS_SCHEMA, SPEC)
        with folder.together() as files:
            photo_count = write_tables(files, PHOTOS_FILE, schema, photo_tables())
            if not photo_count:
                raise DatasetError(
                    f"{photos or PHOTOS_ADDRESS} holds no photo with a unit vector of {DIMENSION} "
                    f"numbers; {left_out} rows were left out. Name a file as MyScale publishes it."
                )
            count = write_tables(files, CONVERSIONS_FILE, CONVERSIONS_SCHEMA, conversion_tables())
            write_tables(files, FAILURES_FILE, FAILURES_SCHEMA, [])
    return Imported(photo_count, left_out, count, conversions_left_out)


def _batches(source: str, folder: Folder, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    path = Path(source)
    if "://" in source:
        path = Path(folder.path("imported")) / source.rpartition("/")[2]
        download(source, path, hosts=None)
    vector = pa.list_(pa.float64())
    schema = pa.schema(
        [(name, vector if name == "photo_embed" else pa.string()) for name in columns]
    )
    try:
        with path.open("rb") as content:
            file = open_parquet(content)
            missing = [name for name in columns if name not in file.schema_arrow.names]
            if missing:
                raise DatasetError(
                    f"{path} has no column {', '.join(missing)}; MyScale's file has "
                    f"{', '.join(columns)}."
                )
            for batch in file.iter_batches(ROWS_AT_A_TIME, columns=list(columns)):
                yield batch.select(list(columns)).cast(schema)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DatasetError(
            f"{path} cannot be read as Parquet: {error}. Delete it and get it again."
        ) from error


def _photo_table(batch: pa.RecordBatch) -> pa.Table:
    is_whole = pc.equal(pc.list_value_length(batch["photo_embed"]), DIMENSION)
    batch = batch.filter(pc.and_(are_valid(batch["photo_id"]), pc.fill_null(is_whole, False)))
    vectors = batch["photo_embed"].flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    vectors = vectors.reshape(-1, DIMENSION)
    is_unit = np.abs(np.linalg.norm(vectors, axis=1) - 1) < 1e-3
    batch, vectors = batch.filter(pa.array(is_unit)), vectors[is_unit]
    count = batch.num_rows
    offsets = np.arange(count + 1, dtype=np.int32) * DIMENSION
    urls = [thumbnail_url(url, THUMBNAIL) for url in batch["photo_image_url"].to_pylist()]
    return _fill(
        with_version(PHOTOS_SCHEMA, SPEC),
        {
            "photo_id": batch["photo_id"],
            "photo_image_url": batch["photo_image_url"],
            "thumbnail_url": pa.array(urls, pa.string()),
            "thumbnail_sha256": pa.array([""] * count, pa.string()),
            "thumbnail_width": pa.array([0] * count, pa.int32()),
            "thumbnail_height": pa.array([0] * count, pa.int32()),
            "photo_embed": pa.ListArray.from_arrays(offsets, vectors.ravel(), type=VECTOR),
            "embedding_version": pa.array([SPEC.version] * count, pa.string()),
        },
    )


def _fill(schema: pa.Schema, known: dict[str, pa.Array]) -> pa.Table:
    """A table of the schema, with nulls in the columns that are not known."""
    count = len(known["photo_id"])
    columns = [known.get(field.name, pa.nulls(count, field.type)) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)
