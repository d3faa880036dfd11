"""Clusters of photos and their places on the map, read by the macros that dbt compiles."""

from collections.abc import Sequence
from dataclasses import dataclass

from photo_search.ask.photos import Photo, read_photos
from photo_search.warehouse import Warehouse

MAP_MODELS = ("photo_clusters", "photo_cluster_names", "photo_map")
PAGE = 48
GOLDEN_ANGLE = 137.508


@dataclass(frozen=True)
class NamedCluster:
    """What the map and the lists show of a cluster."""

    cluster_id: int
    cluster_name: str

    @property
    def colour(self) -> str:
        """Seen on light and on dark. Clusters with neighbouring numbers differ much in hue."""
        return f"oklch(0.6 0.13 {self.cluster_id * GOLDEN_ANGLE % 360:.0f})"


@dataclass(frozen=True)
class Cluster(NamedCluster):
    """Photos that look alike, those nearest to its center first; `xs` and `ys` are their places.

    Places are whole numbers from the top left corner; 65535 is the longer side of the map.
    """

    photo_ids: Sequence[str]
    xs: Sequence[int]
    ys: Sequence[int]


@dataclass(frozen=True)
class ClusterPage(NamedCluster):
    """Some photos of a cluster that has `count_photos`; `skip` come before them."""

    count_photos: int
    skip: int
    photos: Sequence[Photo]


def read_map(warehouse: Warehouse) -> list[Cluster]:
    """All clusters, the largest first. Raises NotBuiltError or WarehouseError."""
    warehouse.require_built(*MAP_MODELS)
    return [Cluster(**row) for row in warehouse.rows(warehouse.compile("photo_map_clusters"))]


def read_cluster_page(warehouse: Warehouse, cluster_id: int, skip: int) -> ClusterPage | None:
    """The next `PAGE` photos of a cluster, or None at its end.

    Raises NotBuiltError, QuestionError (a number out of its range) or WarehouseError.
    """
    warehouse.require_built(*MAP_MODELS)
    sql = warehouse.compile("photos_of_cluster", cluster_id=cluster_id, top_k=PAGE, skip=skip)
    rows = warehouse.rows(sql)
    if not rows:
        return None
    photos = read_photos(warehouse, [row["photo_id"] for row in rows])
    return ClusterPage(
        cluster_id,
        rows[0]["cluster_name"],
        rows[0]["count_photos"],
        skip,
        [photos[row["photo_id"]] for row in rows],
    )
