"""Photos and what is known about them, as the pages and the terminal show them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from photo_search.errors import EmptyCollectionError
from photo_search.warehouse import Warehouse

MOST_AT_ONCE = 100  # photos that photo_facts() takes


@dataclass(frozen=True)
class Photo:
    """A photo and its facts. Texts are as people wrote them, so pages must escape them."""

    photo_id: str
    thumbnail_sha256: str
    thumbnail_width: int
    thumbnail_height: int
    embedding_version: str
    photo_url: str | None = None
    photo_image_url: str | None = None
    photo_description: str | None = None
    ai_description: str | None = None
    photographer_username: str | None = None
    photographer_name: str | None = None
    location_name: str | None = None
    location_city: str | None = None
    location_country: str | None = None
    landmark_name: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    aperture: str | None = None
    focal_length: str | None = None
    exposure_time: str | None = None
    iso: int | None = None
    photo_width: int | None = None
    photo_height: int | None = None
    submitted_at: datetime | None = None
    blur_hash: str | None = None
    count_views: int | None = None
    count_downloads: int = 0
    top_keywords: Sequence[str] = ()

    @property
    def description(self) -> str | None:
        return self.photo_description or self.ai_description

    @property
    def place(self) -> str | None:
        names = filter(None, (self.location_city, self.location_country))
        return self.location_name or ", ".join(names) or None

    @property
    def shown_size(self) -> tuple[int, int]:
        """Size of the thumbnail, or the proportions of the photo if the size is unknown."""
        if self.thumbnail_width and self.thumbnail_height:
            return self.thumbnail_width, self.thumbnail_height
        if self.photo_width and self.photo_height:
            return 200, max(1, round(200 * self.photo_height / self.photo_width))
        return 200, 150

    @property
    def camera(self) -> str | None:
        """Make and model, the make once: models often begin with it."""
        make, model = self.camera_make or "", self.camera_model or ""
        return model if model.startswith(make) and model else f"{make} {model}".strip() or None

    @property
    def exposure(self) -> str | None:
        texts = {
            "{} s": self.exposure_time,
            "f/{}": self.aperture,
            "{} mm": self.focal_length,
            "ISO {}": self.iso,
        }
        return ", ".join(form.format(value) for form, value in texts.items() if value) or None


@dataclass(frozen=True)
class SimilarPhoto:
    """A neighbour of a query photo: rank from 1, cosine distance (0: same direction)."""

    photo: Photo
    similarity_rank: int
    distance: float
    is_most_popular: bool
    is_near_duplicate: bool


def photo_of(row: Mapping[str, Any]) -> Photo:
    """The photo of a row that has all facts of Photo among its columns."""
    return Photo(**{name: row[name] for name in Photo.__dataclass_fields__})


def similar_photo(
    photo: Photo, row: Mapping[str, Any], near_duplicate_distance: float
) -> SimilarPhoto:
    """`photo` as a row of an answer ranks it."""
    return SimilarPhoto(
        photo=photo,
        similarity_rank=row["similarity_rank"],
        distance=row["distance"],
        is_most_popular=row["is_most_popular"],
        is_near_duplicate=row["distance"] <= near_duplicate_distance,
    )


def require_photos(warehouse: Warehouse) -> None:
    """Raises EmptyCollectionError, which names the command that adds photos, if there is none."""
    photos = warehouse.relation("photos")
    if warehouse.rows(f"select 1 from {photos} limit 1"):
        return
    loaded = warehouse.source("photos")
    is_there = warehouse.rows(f"exists table {loaded}")[0]["result"]
    if is_there and warehouse.rows(f"select 1 from {loaded} limit 1"):
        commands = "`dbt build`"
    else:
        commands = "`photo-search embed`, `photo-search load` and `dbt build`"
    raise EmptyCollectionError(f"The table {photos} is empty. Run {commands}.")


def showcase_ids(warehouse: Warehouse) -> list[str]:
    """The photos to begin with, in order, of showcase_query_photos. Raises WarehouseError."""
    showcase = warehouse.relation("showcase_query_photos")
    rows = warehouse.rows(f"select photo_id from {showcase} order by showcase_order, photo_id")
    return [row["photo_id"] for row in rows]


def read_photos(
    warehouse: Warehouse, photo_ids: Iterable[str], keywords_per_photo: int = 5
) -> dict[str, Photo]:
    """By id, the photos that the table has, each with its most used keywords."""
    wanted = list(dict.fromkeys(photo_ids))
    groups = [wanted[n : n + MOST_AT_ONCE] for n in range(0, len(wanted), MOST_AT_ONCE)]
    return {
        row["photo_id"]: photo_of(row)
        for group in groups
        for row in warehouse.rows(
            warehouse.compile("photo_facts", photo_ids=group, keywords_per_photo=keywords_per_photo)
        )
    }
