"""What the pipeline asks of a model, whatever runs it."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from photo_search.ingest.embedding.preprocess import Pixels

DIMENSION = 512
Vectors = npt.NDArray[np.float32]


class ImageEncoder(Protocol):
    """Turns pictures into vectors, up to `batch_size` at a time."""

    batch_size: int

    def __call__(self, pixels: Pixels) -> Vectors:
        """uint8 of shape (n, side, side, 3) to float32 of shape (n, 512), each of length 1."""
