"""What the gallery shows, read from the marts. Ranking and counting happen in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from photo_search.search.photos import (
    Photo,
    SimilarPhoto,
    read_photos,
    require_photos,
    showcase_ids,
)
from photo_search.warehouse.project import Warehouse


@dataclass(frozen=True)
class Showcase:
    """A target and its neighbours, nearest first."""

    target: Photo
    similar: Sequence[SimilarPhoto]

    @property
    def photos(self) -> list[Photo]:
        return [self.target, *(similar.photo for similar in self.similar)]


def read_showcases(warehouse: Warehouse) -> list[Showcase]:
    """The showcase photos in showcase order, as dbt built them; a single photo has no neighbours.

    Raises EmptyCollectionError, or WarehouseError: the marts are missing, or the engine cannot be
    reached.
    """
    require_photos(warehouse)
    targets = showcase_ids(warehouse)
    rows = warehouse.rows(
        f"select * from {warehouse.relation('showcase_similar_photos')} order by similarity_rank"
    )
    photos = read_photos(warehouse, [*targets, *(row["photo_id"] for row in rows)])
    near_duplicate_distance = warehouse.near_duplicate_distance
    return [
        Showcase(
            target=photos[target],
            similar=[
                SimilarPhoto(
                    photo=photos[row["photo_id"]],
                    similarity_rank=row["similarity_rank"],
                    distance=row["distance"],
                    is_most_popular=row["is_most_popular"],
                    is_near_duplicate=row["distance"] <= near_duplicate_distance,
                )
                for row in rows
                if row["target_photo_id"] == target and row["photo_id"] in photos
            ],
        )
        for target in targets
        if target in photos
    ]
