"""The clusters and the map of the sample, and what new and vanished photos do to them."""

import csv
import json

import pyarrow.compute as pc
import pyarrow.parquet as pq
from sklearn.metrics import adjusted_rand_score  # type: ignore[import-untyped]

from dbt_process import REPOSITORY
from demo import Demo

PLACED = "photo_clusters photo_map photo_cluster_names"


def by_photo(demo: Demo) -> dict[str, tuple[int, float, float]]:
    """Cluster and place of each photo."""
    shown = demo.dbt.run(
        *("--quiet", "show", "--limit", "-1", "--output", "json", "--inline"),
        "select photo_id, cluster_id, map_x, map_y "
        "from {{ ref('photo_clusters') }} full join {{ ref('photo_map') }} using (photo_id)",
    )
    rows = json.loads(shown.check().output)["show"]
    return {row["photo_id"]: (row["cluster_id"], row["map_x"], row["map_y"]) for row in rows}


def test_photos_of_one_photograph_fall_together(demo: Demo) -> None:
    with (REPOSITORY / "sample" / "sources.csv").open() as file:
        sources = {row["photo_id"]: row["source"] for row in csv.DictReader(file)}
    clusters = {photo_id: cluster for photo_id, (cluster, _, _) in by_photo(demo).items()}
    assert (
        adjusted_rand_score([sources[photo_id] for photo_id in clusters], [*clusters.values()])
        > 0.6
    )


def test_new_photos_are_placed_and_no_other_moves(broken: Demo) -> None:
    file = broken.data / "photos.parquet"
    everything = pq.read_table(file)
    whole = by_photo(broken)
    gone = everything["photo_id"][0].as_py()

    def rebuild(photos: object, *arguments: str) -> dict[str, tuple[int, float, float]]:
        pq.write_table(photos, file)
        broken.dbt.load("--data", str(broken.data)).check()
        broken.dbt.run("run", "--select", "photos", *PLACED.split(), *arguments).check()
        return by_photo(broken)

    some = rebuild(everything.slice(0, 200), "--full-refresh")
    assert len(some) == 200
    more = rebuild(everything.filter(pc.not_equal(everything["photo_id"], gone)))
    assert more.keys() == whole.keys() - {gone}
    assert all(more[photo_id] == some[photo_id] for photo_id in some if photo_id != gone)
    assert rebuild(everything, "--full-refresh") == whole
