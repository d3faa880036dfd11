"""The vectors of a photos.parquet as one matrix, for engines without tables."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq


class Vectors(NamedTuple):
    """`matrix` (photos, 512) float32, unit rows in the order of `ids`."""

    ids: list[str]
    matrix: np.ndarray


def read_vectors(data: str | Path) -> Vectors:
    """Read only the ids and vectors."""
    table = pq.read_table(Path(data, "photos.parquet"), columns=["photo_id", "photo_embed"])
    flat = np.concatenate([chunk.flatten().to_numpy() for chunk in table["photo_embed"].chunks])
    return Vectors(table["photo_id"].to_pylist(), flat.reshape(table.num_rows, -1))
