"""A question about similar photos: the macro call that asks it, its SQL, its answer."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from photo_search.ask.photos import SimilarPhoto, read_photos, similar_photo
from photo_search.warehouse import Warehouse


@dataclass(frozen=True)
class Question:
    """The `top_k` photos most like a photo, or like a vector of 512 numbers.

    `filters` are those of similar_photos(). `popularity`, 0 to 1, is the weight of downloads
    against similarity in the order of the answer.
    """

    photo_id: str | None = None
    vector: Sequence[float] | None = None
    top_k: int = 12
    filters: Mapping[str, Any] = field(default_factory=dict)
    popularity: float = 0
    exact: bool = False

    @property
    def macro(self) -> str:
        return "popular_similar_photos" if self.popularity else "photo_conversions"

    @property
    def arguments(self) -> dict[str, Any]:
        """What the macro is given: only what differs from its defaults, except `top_k`."""
        popularity = self.popularity or None
        arguments = {
            "top_k": self.top_k,
            "photo_id": self.photo_id,
            "vector": self.vector and list(self.vector),
            "similarity_weight": popularity and round(1 - popularity, 3),
            "popularity_weight": popularity,
            "filters": dict(self.filters) or None,
            "exact": self.exact or None,
        }
        return {name: value for name, value in arguments.items() if value is not None}

    @property
    def call(self) -> str:
        """The macro call as a model would have it."""
        arguments = (
            f"{name}={json.dumps(value, ensure_ascii=False)}"
            for name, value in self.arguments.items()
        )
        return f"{{{{ {self.macro}({', '.join(arguments)}) }}}}"


@dataclass(frozen=True)
class Answer:
    """Neighbours in the order of the question, the statement that found them, and its time."""

    question: Question
    sql: str
    similar: Sequence[SimilarPhoto]
    milliseconds: float


def ask(warehouse: Warehouse, question: Question) -> Answer:
    """Raises QuestionError (an argument is refused) or WarehouseError."""
    sql = warehouse.compile(question.macro, **question.arguments)
    started = time.perf_counter()
    rows = warehouse.rows(sql)
    milliseconds = 1000 * (time.perf_counter() - started)
    photos = read_photos(warehouse, [row["photo_id"] for row in rows])
    near_duplicate_distance = warehouse.near_duplicate_distance
    similar = [similar_photo(photos[row["photo_id"]], row, near_duplicate_distance) for row in rows]
    return Answer(question, sql, similar, milliseconds)
