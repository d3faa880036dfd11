"""Vectors as text in an address: a search by a picture can be bookmarked like any other."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import numpy as np

from photo_search.errors import QuestionError
from photo_search.ingest.embedding.encoder import DIMENSION

HALF = np.dtype("<f2")  # half precision moves a cosine distance by less than 1e-6


def to_text(vector: Sequence[float]) -> str:
    """512 numbers as 1,366 letters, digits, - and _."""
    return urlsafe_b64encode(np.asarray(vector, HALF).tobytes()).decode().rstrip("=")


def from_text(text: str) -> list[float]:
    """The numbers again. Raises QuestionError if the text is no vector."""
    try:
        vector = np.frombuffer(urlsafe_b64decode(text + "=" * (-len(text) % 4)), HALF)
    except ValueError:
        vector = np.empty(0, HALF)
    if len(vector) != DIMENSION or not np.isfinite(vector).all() or not vector.any():
        raise QuestionError(
            "The address is cut off or changed: `vector` must be the one that the page made from "
            "your picture. Choose the picture again."
        )
    numbers: list[float] = vector.astype(np.float64).tolist()
    return numbers
