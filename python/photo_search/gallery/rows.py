"""What the gallery shows, read from the marts. Ranking and counting happen in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from photo_search.errors import WarehouseError
from photo_search.search.photos import Photo, SimilarPhoto, read_photos
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
    """The showcase photos in showcase order, as dbt built them.

    Raises WarehouseError: the marts are missing or empty, or the engine cannot be reached.
    """
    rows = warehouse.rows(
        f"select * from {warehouse.relation('showcase_similar_photos')}"
        " order by showcase_order, target_photo_id, similarity_rank"
    )
    if not rows:
        raise WarehouseError(
            "The table showcase_similar_photos is empty, so there is nothing to show. Name photos "
            "of this dataset in seeds/showcase_photos.csv, then run `dbt build`."
        )
    groups = [(key, list(group)) for key, group in groupby(rows, itemgetter("target_photo_id"))]
    ids = [row[name] for row in rows for name in ("target_photo_id", "photo_id")]
    photos = read_photos(warehouse, ids)
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
                for row in group
            ],
        )
        for target, group in groups
    ]
