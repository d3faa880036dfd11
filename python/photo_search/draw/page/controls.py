"""What a visitor can set. It is the query of an address, so every state can be bookmarked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from photo_search.errors import QuestionError

CHOICES_OF_TOP_K = (12, 24, 48, 96)
BLENDS = {
    0: "similarity",
    25: "similarity, a little popularity",
    50: "both alike",
    75: "popularity",
}
ORIENTATIONS = ("landscape", "portrait", "square")
LONGEST = 200


@dataclass(frozen=True)
class Controls:
    """How many photos, among which, in which order, found how."""

    top_k: int = CHOICES_OF_TOP_K[0]
    country: str = ""
    orientation: str = ""
    camera: str = ""
    year: str = ""
    popularity: int = 0
    exact: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Controls":
        """Raises QuestionError, which names what is allowed."""
        return cls(
            top_k=int(_choice(query, "top_k", CHOICES_OF_TOP_K) or CHOICES_OF_TOP_K[0]),
            country=_text(query, "country"),
            orientation=_choice(query, "orientation", ORIENTATIONS),
            camera=_text(query, "camera"),
            year=_year(query),
            popularity=int(_choice(query, "popularity", BLENDS) or 0),
            exact=_choice(query, "exact", (0, 1)) == "1",
        )

    @property
    def set(self) -> dict[str, str]:
        """The query of the address: only what differs from the defaults."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: str(int(value) if isinstance(value, bool) else value)
            for name, value in values.items()
            if value != getattr(Controls, name)
        }

    def without(self, name: str) -> "Controls":
        """The same with one control at its default."""
        return replace(self, **{name: getattr(Controls, name)})

    @property
    def filters(self) -> dict[str, Any]:
        """As similar_photos() takes them."""
        filters: dict[str, Any] = {
            "location_country": self.country,
            "orientation": self.orientation,
            "camera_model": self.camera,
        }
        if self.year:
            filters["submitted_at"] = {
                "min": f"{self.year}-01-01 00:00:00",
                "max": f"{self.year}-12-31 23:59:59.999999",
            }
        return {column: value for column, value in filters.items() if value}


def _choice(query: Mapping[str, str], name: str, choices: Iterable[object]) -> str:
    value = query.get(name, "")
    allowed = [str(choice) for choice in choices]
    if value and value not in allowed:
        raise QuestionError(f"`{name}` must be one of {', '.join(allowed)}. Got: {value[:LONGEST]}")
    return value


def _text(query: Mapping[str, str], name: str) -> str:
    value = query.get(name, "")
    if len(value) > LONGEST:
        raise QuestionError(
            f"`{name}` must be at most {LONGEST} characters long. Got: {len(value)}"
        )
    return value


def _year(query: Mapping[str, str]) -> str:
    value = query.get("year", "")
    if value and not (len(value) == 4 and value.isascii() and value.isdigit()):
        raise QuestionError(f"`year` must be four digits. Got: {value[:LONGEST]}")
    return value
