"""Invented photos and conversions with the statistics of real ones, in the files of `embed`.

The vectors are in a cone like CLIP's (random pairs have a cosine of 0.39 +- 0.07), in clusters. One
photo in fourteen is a near-duplicate of another (distance below 0.03), one in two thousand a copy.
Photos and keywords of conversions follow Zipf's law. Most keywords belong to the photo's cluster.
The same sizes give the same rows.
"""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from photo_search.ingest.embedding.encoder import DIMENSION
from photo_search.ingest.embedding.version import VERSION_KEY
from photo_search.ingest.pipeline.parquet import (
    CONVERSIONS_SCHEMA,
    FAILURES_SCHEMA,
    PHOTOS_SCHEMA,
)
from search_bench.filters import NARROWEST, TOO_WIDE

CONE = 0.39  # mean cosine of two random photos
# how fast the variance falls from dimension to dimension; about 80 dimensions matter
SPECTRUM = 0.36
NEAR_DUPLICATES, DUPLICATES = 0.035, 0.0005
PHOTOS_A_CLUSTER, KEYWORDS_A_CLUSTER = 50, 20
ORPHANS = 0.005  # the share of conversions whose photo does not exist
FIRST_DAY = np.datetime64("2024-01-01T00:00:00.000", "ms")
EVERY = np.timedelta64(4_000, "ms")  # one conversion
ALPHABET = np.frombuffer(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8
)
HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
VERSION = "benchmark"
SYLLABLES = pa.array([first + second for first in "bdfgklmnprst" for second in "aeiouy"])


class World:
    """What photos and conversions share: ids, clusters, words."""

    def __init__(self, count_photos: int, showcase: Path) -> None:
        rng = np.random.default_rng(1)
        with showcase.open() as seed:
            shown = [row["photo_id"] for row in csv.DictReader(seed)]
        others = _texts(rng, count_photos - len(shown), ALPHABET, 11)
        self.photo_ids = pa.concat_arrays([pa.array(shown), others])
        count_clusters = max(20, count_photos // PHOTOS_A_CLUSTER)
        self.clusters = rng.integers(0, count_clusters, count_photos)
        self.spectrum = np.arange(1, DIMENSION + 1, dtype=np.float32) ** -SPECTRUM
        self.spectrum /= np.linalg.norm(self.spectrum)
        self.axis = _unit(rng.standard_normal(DIMENSION, dtype=np.float32))
        self.centres = self.directions(rng, count_clusters)
        self.keywords = _words(rng, count_clusters * KEYWORDS_A_CLUSTER, 3)
        self.users = _uuids(rng, max(100, 20 * count_photos))
        self.popularity = rng.permutation(np.arange(1, count_photos + 1) ** -0.8)
        self.popularity[::50] = 0  # the share of photos that nobody downloaded

    def directions(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Unit vectors as (count, 512) float32. Most of their variance is in few dimensions."""
        return _unit(rng.standard_normal((count, DIMENSION), dtype=np.float32) * self.spectrum)


def write_data(
    folder: Path, world: World, photos: range, conversions: range, onto: Path | None = None
) -> None:
    """Write the three Parquet files of a run to `folder`: the rows of `onto`, then these rows."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / "photos.parquet",
        PHOTOS_SCHEMA.with_metadata({VERSION_KEY: VERSION}),
        chain(_rows_of(onto, "photos"), (_photos(world, rows) for rows in _cut(photos, 10_000))),
    )
    _write(
        folder / "conversions.parquet",
        CONVERSIONS_SCHEMA,
        chain(
            _rows_of(onto, "conversions"),
            (_conversions(world, photos.stop, rows) for rows in _cut(conversions, 250_000)),
        ),
    )
    _write(folder / "photo_failures.parquet", FAILURES_SCHEMA, [])


def _write(file: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    vector = ["photo_embed.list.element"] if "photo_embed" in schema.names else []
    texts = [field.name for field in schema if field.type == pa.string()]
    with pq.ParquetWriter(
        file, schema, compression="zstd", use_dictionary=texts, use_byte_stream_split=vector
    ) as writer:
        for table in tables:
            writer.write_table(table)


def _rows_of(folder: Path | None, table: str) -> Iterator[pa.Table]:
    if folder:
        with pq.ParquetFile(folder / f"{table}.parquet") as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group)


def _cut(rows: range, size: int) -> Iterator[range]:
    for start in range(rows.start, rows.stop, size):
        yield range(start, min(start + size, rows.stop))


def _vectors(world: World, rng: np.random.Generator, clusters: np.ndarray) -> np.ndarray:
    count = len(clusters)
    own = 0.8 * world.centres[clusters] + 0.6 * world.directions(rng, count)
    vectors = CONE**0.5 * world.axis + (1 - CONE) ** 0.5 * _unit(own)
    copies = rng.choice(count, int(NEAR_DUPLICATES * count), replace=False)
    originals = rng.integers(0, count, len(copies))
    vectors[copies] = vectors[originals] + 0.15 * world.directions(rng, len(copies))
    exact = copies[: int(np.ceil(DUPLICATES * count))]
    vectors[exact] = vectors[originals[: len(exact)]]
    return _unit(vectors)


def _photos(world: World, rows: range) -> pa.Table:
    count = len(rows)
    rng = np.random.default_rng([2, rows.start])
    ids = world.photo_ids[rows.start : rows.stop]
    hashes = pa.array(_texts(rng, count, HEX, 64))
    width, height = rng.integers(NARROWEST, TOO_WIDE, (2, count))
    taken = FIRST_DAY - rng.integers(0, 10 * 365 * 86_400_000, count).astype("timedelta64[ms]")
    pictures = pc.binary_join_element_wise("https://photos.example/photo", ids, "-")
    embed = pa.array(_vectors(world, rng, world.clusters[rows.start : rows.stop]).ravel())
    columns = {
        "photo_id": ids,
        "photo_url": pc.binary_join_element_wise("https://photos.example/photos", ids, "/"),
        "photo_image_url": pictures,
        "photo_submitted_at": pa.array(taken).cast(pa.string()),
        "photo_featured": _choice(rng, count, ["t", "f"]),
        "photo_width": pa.array(width).cast(pa.string()),
        "photo_height": pa.array(height).cast(pa.string()),
        "photo_aspect_ratio": pa.array(np.round(width / height, 2)).cast(pa.string()),
        "photo_description": _some(rng, _words(rng, count, 9), 0.5),
        "photographer_username": _words(rng, count, 4),
        "photographer_first_name": _words(rng, count, 2),
        "photographer_last_name": _words(rng, count, 3),
        "exif_camera_make": _choice(rng, count, ["Canon", "NIKON CORPORATION", "SONY", None]),
        "exif_camera_model": _some(rng, _choice(rng, count, [f"M{n}" for n in range(99)]), 0.2),
        "exif_iso": _choice(rng, count, ["100", "200", "400", "800", None]),
        "exif_aperture_value": _choice(rng, count, ["1.8", "2.8", "4.0", None]),
        "exif_focal_length": _choice(rng, count, ["24.0", "35.0", "50.0", None]),
        "exif_exposure_time": _choice(rng, count, ["1/60", "1/250", None]),
        "photo_location_country": _choice(rng, count, ["Norway", "Japan", "Peru", None, None]),
        "photo_location_city": _some(rng, _words(rng, count, 3), 0.7),
        "stats_views": pa.array(rng.integers(0, 10_000_000, count)).cast(pa.string()),
        "stats_downloads": pa.array(rng.integers(0, 100_000, count)).cast(pa.string()),
        "ai_description": _words(rng, count, 8),
        "blur_hash": pa.array(_texts(rng, count, ALPHABET, 28)),
        "thumbnail_url": pc.binary_join_element_wise(pictures, "q=75&fm=jpg&w=200&fit=max", "?"),
        "thumbnail_sha256": hashes,
        "thumbnail_width": pa.array(np.full(count, 200, np.int32)),
        "thumbnail_height": pa.array((200 * height // width).astype(np.int32)),
        "photo_embed": pa.ListArray.from_arrays(
            np.arange(0, len(embed) + 1, DIMENSION, dtype=np.int32),
            embed,
            type=PHOTOS_SCHEMA.field("photo_embed").type,
        ),
        "embedding_version": _choice(rng, count, [VERSION]),
    }
    nothing = pa.nulls(count, pa.string())
    return pa.table(
        [columns.get(name, nothing) for name in PHOTOS_SCHEMA.names], schema=PHOTOS_SCHEMA
    )


def _conversions(world: World, count_photos: int, rows: range) -> pa.Table:
    count = len(rows)
    rng = np.random.default_rng([3, rows.start])
    popularity = world.popularity[:count_photos]
    photos = rng.choice(count_photos, count, p=popularity / popularity.sum())
    of_cluster = _zipf(rng, KEYWORDS_A_CLUSTER, count)
    of_cluster += KEYWORDS_A_CLUSTER * world.clusters[photos]
    of_anyone = _zipf(rng, len(world.keywords), count)
    orphans = rng.random(count) < ORPHANS
    ids = world.photo_ids.take(photos)
    columns = {
        "converted_at": pa.array(FIRST_DAY + EVERY * np.arange(rows.start, rows.stop)),
        "conversion_type": _choice(rng, count, ["download"]),
        "keyword": world.keywords.take(np.where(rng.random(count) < 0.7, of_cluster, of_anyone)),
        "photo_id": pc.if_else(orphans, _texts(rng, count, ALPHABET, 11), ids),
        "anonymous_user_id": world.users.take(rng.integers(0, len(world.users), count)),
        "conversion_country": _choice(rng, count, ["US", "DE", "IN", "GB", "JP", "BR", None]),
        "device_type": _choice(rng, count, ["desktop", "mobile", "tablet"]),
        "search_orientation_filter": _choice(rng, count, ["all", "landscape", "portrait"]),
        "search_ordering": _choice(rng, count, ["popular", "recent"]),
    }
    return pa.table({name: column.cast(pa.string()) for name, column in columns.items()}).cast(
        CONVERSIONS_SCHEMA
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _zipf(rng: np.random.Generator, size: int, count: int) -> np.ndarray:
    """`count` whole numbers below `size`. Number n is 1/(n + 1) times as frequent as 0."""
    return np.asarray(np.exp(rng.random(count) * np.log(size + 1)) - 1, dtype=np.int64)


def _texts(rng: np.random.Generator, count: int, alphabet: np.ndarray, length: int) -> pa.Array:
    letters = alphabet[rng.integers(0, len(alphabet), (count, length))]
    return pa.array(letters.view(f"S{length}").ravel()).cast(pa.string())


def _uuids(rng: np.random.Generator, count: int) -> pa.Array:
    parts = [_texts(rng, count, HEX, length) for length in (8, 4, 4, 4, 12)]
    return pc.binary_join_element_wise(*parts, "-")


def _words(rng: np.random.Generator, count: int, syllables: int) -> pa.Array:
    parts = [SYLLABLES.take(rng.integers(0, len(SYLLABLES), count)) for _ in range(syllables)]
    return pc.binary_join_element_wise(*parts, "")


def _choice(rng: np.random.Generator, count: int, values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.string()).take(rng.integers(0, len(values), count))


def _some(rng: np.random.Generator, values: pa.Array, share: float) -> pa.Array:
    """`values`, of which all but `share` are null."""
    return pc.if_else(rng.random(len(values)) < share, values, None)
