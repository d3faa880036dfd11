"""How the neighbours of photos changed between two sets of vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from photo_search.ask.neighbours import Positions, Vectors, nearest, unit_length
from photo_search.ask.photos import Photo, read_photos, require_photos
from photo_search.errors import DatasetError
from photo_search.ingest.embedding.encoder import DIMENSION
from photo_search.ingest.pipeline.parquet import open_parquet
from photo_search.warehouse import Warehouse

MOST_COMPARED = 10_000  # photos whose neighbours are looked for, among all of them
MOST_SHOWN = 24


@dataclass(frozen=True)
class Embedded:
    """Photo ids and their unit vectors, row by row, all of one embedding version."""

    photo_ids: Sequence[str]
    vectors: Vectors
    version: str


@dataclass(frozen=True)
class Comparison:
    """The whole of it in numbers; `share_kept` is the mean over the photos compared."""

    old_version: str
    new_version: str
    top_k: int
    count_photos: int
    count_compared: int
    count_same: int
    share_kept: float
    moved: Sequence[tuple[str, Sequence[str], Sequence[str]]]
    """Photo, neighbours before, neighbours after; those that kept fewest first."""


@dataclass(frozen=True)
class Mover:
    """A photo whose neighbours changed, nearest first on both sides."""

    photo: Photo
    before: Sequence[Photo]
    after: Sequence[Photo]

    @property
    def count_kept(self) -> int:
        return len({photo.photo_id for photo in self.before} & {p.photo_id for p in self.after})

    @property
    def photos(self) -> list[Photo]:
        return [self.photo, *self.before, *self.after]


def read_old(path: str) -> Embedded:
    """An earlier photos.parquet. Raises DatasetError if it cannot be read as one."""
    try:
        with open(path, "rb") as file:  # pyarrow would expand a ~ in a path
            table = open_parquet(file).read(["photo_id", "photo_embed", "embedding_version"])
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise DatasetError(
            f"{path} cannot be read as an earlier photos.parquet ({error}). "
            "Name one that `photo-search embed` wrote."
        ) from error
    return _embedded(table)


def read_new(warehouse: Warehouse) -> Embedded:
    """What the target holds now. Raises EmptyCollectionError or WarehouseError."""
    require_photos(warehouse)
    columns = "photo_id, photo_embed, embedding_version"
    return _embedded(
        warehouse.arrow(f"select {columns} from {warehouse.relation('photos')} order by photo_id")
    )


def compare(old: Embedded, new: Embedded, top_k: int) -> Comparison:
    """The exact neighbours of each photo, among the photos that both sides have.

    Past `MOST_COMPARED` photos, that many spread evenly over the ids are looked at. A single photo
    has no neighbours, so `top_k` is then 0. Raises DatasetError if no photo is on both sides.
    """
    ids, *rows = np.intersect1d(old.photo_ids, new.photo_ids, return_indices=True)
    shared: list[str] = ids.tolist()
    if not shared:
        raise DatasetError(
            "The earlier file and the target have no photo in common. "
            "Compare with an earlier photos.parquet of the same collection."
        )
    top_k = min(top_k, len(shared) - 1)
    queries = np.arange(0, len(shared), max(1, -(-len(shared) // MOST_COMPARED)))
    sides = [
        _neighbours(vectors[chosen], queries, top_k)
        for vectors, chosen in zip((old.vectors, new.vectors), rows, strict=True)
    ]
    kept = np.array([len(np.intersect1d(a, b)) for a, b in zip(*sides, strict=True)])
    order = [row for row in np.argsort(kept, kind="stable") if kept[row] < top_k][:MOST_SHOWN]
    moved = [
        (
            shared[queries[row]],
            [shared[n] for n in sides[0][row]],
            [shared[n] for n in sides[1][row]],
        )
        for row in order
    ]
    return Comparison(
        old_version=old.version,
        new_version=new.version,
        top_k=top_k,
        count_photos=len(shared),
        count_compared=len(queries),
        count_same=int((kept == top_k).sum()),
        share_kept=float(kept.mean() / top_k) if top_k else 1.0,
        moved=moved,
    )


def read_movers(warehouse: Warehouse, comparison: Comparison) -> list[Mover]:
    """The photos behind `comparison.moved`."""
    ids = [i for photo_id, before, after in comparison.moved for i in (photo_id, *before, *after)]
    photos = read_photos(warehouse, ids)
    return [
        Mover(photos[photo_id], [photos[i] for i in before], [photos[i] for i in after])
        for photo_id, before, after in comparison.moved
    ]


def _embedded(table: pa.Table) -> Embedded:
    vectors = table["photo_embed"].combine_chunks()
    values = vectors.values if hasattr(vectors, "values") else vectors.flatten()
    numbers = np.asarray(values, np.float32).reshape(-1, DIMENSION)
    version = table["embedding_version"][0].as_py() if table.num_rows else "none"
    return Embedded(table["photo_id"].to_pylist(), numbers, version)


def _neighbours(vectors: Vectors, queries: Positions, top_k: int) -> Positions:
    """Positions of the `top_k` nearest of each query photo, nearest first."""
    found = [lists.others for lists in nearest(unit_length(vectors), queries, top_k)]
    return np.concatenate(found).reshape(len(queries), top_k)
