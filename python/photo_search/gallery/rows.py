"""What the page shows, read from the marts in one statement. Ranking and counting happen in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from clickhouse_connect.driver.exceptions import Error as ClientError

from photo_search.errors import WarehouseError
from photo_search.warehouse.project import Project

SHOWN_PHOTOS = """
with

similar as (

    select
        showcase_order,
        target_photo_id,
        similarity_rank,
        photo_id,
        distance,
        count_downloads,
        top_keywords,
        is_most_popular

    from {{ ref('showcase_similar_photos') }}

),

targets as (

    select distinct
        similar.showcase_order as showcase_order,
        similar.target_photo_id as target_photo_id,
        0 as similarity_rank,
        similar.target_photo_id as photo_id,
        0 as distance,
        photo_downloads.count_downloads as count_downloads,
        [] as top_keywords,
        0 as is_most_popular

    from similar

    inner join {{ ref('photo_downloads') }} as photo_downloads
        on similar.target_photo_id = photo_downloads.photo_id

),

shown as (

    select * from targets

    union all

    select * from similar

)

select
    shown.target_photo_id as target_photo_id,
    shown.similarity_rank as similarity_rank,
    shown.photo_id as photo_id,
    shown.distance as distance,
    shown.count_downloads as count_downloads,
    shown.top_keywords as top_keywords,
    shown.is_most_popular as is_most_popular,
    photos.photo_url as photo_url,
    photos.photo_description as photo_description,
    photos.ai_description as ai_description,
    photos.photographer_username as photographer_username,
    photos.photographer_name as photographer_name,
    photos.location_name as location_name,
    photos.location_city as location_city,
    photos.location_country as location_country,
    photos.thumbnail_sha256 as thumbnail_sha256,
    photos.thumbnail_width as thumbnail_width,
    photos.thumbnail_height as thumbnail_height,
    photos.embedding_version as embedding_version

from shown

inner join {{ ref('photos') }} as photos
    on shown.photo_id = photos.photo_id

order by shown.showcase_order, shown.target_photo_id, shown.similarity_rank
"""


@dataclass(frozen=True)
class Photo:
    """A photo and its facts; texts are as people wrote them and not to be trusted."""

    photo_id: str
    photo_url: str | None
    photo_description: str | None
    ai_description: str | None
    photographer_username: str | None
    photographer_name: str | None
    location_name: str | None
    location_city: str | None
    location_country: str | None
    thumbnail_sha256: str
    thumbnail_width: int
    thumbnail_height: int
    embedding_version: str
    count_downloads: int

    @property
    def description(self) -> str | None:
        return self.photo_description or self.ai_description

    @property
    def place(self) -> str | None:
        parts = filter(None, (self.location_city, self.location_country))
        return self.location_name or ", ".join(parts) or None


@dataclass(frozen=True)
class SimilarPhoto:
    """A neighbour of a target: rank from 1, cosine distance (0: same direction)."""

    photo: Photo
    similarity_rank: int
    distance: float
    top_keywords: Sequence[str]
    is_most_popular: bool


@dataclass(frozen=True)
class Showcase:
    """A target and its neighbours, nearest first."""

    target: Photo
    similar: Sequence[SimilarPhoto]

    @property
    def photos(self) -> list[Photo]:
        return [self.target, *(similar.photo for similar in self.similar)]


def read_showcases(project: Project) -> list[Showcase]:
    """The showcase photos of `project`'s target, in showcase order.

    Raises WarehouseError: the marts are missing or empty, or the engine cannot be reached.
    """
    try:
        rows = project.rows(SHOWN_PHOTOS)
    except (ClientError, WarehouseError) as error:
        raise WarehouseError(
            f"The tables of the gallery cannot be read: {str(error).strip()}\n"
            "If they were never made: run `photo-search load`, then `dbt build`."
        ) from error
    if not rows:
        raise WarehouseError(
            "The table showcase_similar_photos is empty, so there is nothing to show. Name photos "
            "of this dataset in seeds/showcase_photos.csv, then run `dbt build`."
        )
    return [_showcase(list(group)) for _, group in groupby(rows, itemgetter("target_photo_id"))]


def _showcase(rows: list[dict[str, Any]]) -> Showcase:
    """The first row is the target itself, at rank 0."""
    return Showcase(target=_photo(rows[0]), similar=[_similar_photo(row) for row in rows[1:]])


def _photo(row: dict[str, Any]) -> Photo:
    return Photo(**{name: row[name] for name in Photo.__dataclass_fields__})


def _similar_photo(row: dict[str, Any]) -> SimilarPhoto:
    return SimilarPhoto(
        photo=_photo(row),
        similarity_rank=row["similarity_rank"],
        distance=row["distance"],
        top_keywords=row["top_keywords"],
        is_most_popular=bool(row["is_most_popular"]),
    )
