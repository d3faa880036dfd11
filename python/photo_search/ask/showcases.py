"""What the gallery shows, read from the marts. Ranking and counting happen in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from photo_search.ask.photos import (
    Photo,
    SimilarPhoto,
    photo_of,
    read_photos,
    require_photos,
    showcase_ids,
    similar_photo,
)
from photo_search.warehouse import Warehouse


@dataclass(frozen=True)
class Showcase:
    """A showcase photo and its neighbours, nearest first."""

    photo: Photo
    similar: Sequence[SimilarPhoto]

    @property
    def photos(self) -> list[Photo]:
        return [self.photo, *(similar.photo for similar in self.similar)]


def read_showcases(warehouse: Warehouse) -> list[Showcase]:
    """The showcase photos in showcase order, as dbt built them. A single photo has no neighbours.

    Raises EmptyCollectionError, or WarehouseError: the marts are missing, or the engine cannot be
    reached.
    """
    require_photos(warehouse)
    ids = showcase_ids(warehouse)
    photos = read_photos(warehouse, ids)
    near_duplicate_distance = warehouse.near_duplicate_distance
    # the mart has the downloads and keywords, and the photos have all other facts
    rows = warehouse.rows(
        f"""
        select *
        from {warehouse.relation("showcase_similar_photos")}
        inner join (
            select * except (photo_embed) from {warehouse.relation("photos")}
        ) as photos
            using (photo_id)
        order by showcase_order, similarity_rank
        """
    )
    return [
        Showcase(
            photo=photos[photo_id],
            similar=[
                similar_photo(photo_of(row), row, near_duplicate_distance)
                for row in rows
                if row["query_photo_id"] == photo_id
            ],
        )
        for photo_id in ids
        if photo_id in photos
    ]
