"""Groups photos that look alike with k-means. The number of clusters is the square root of the
number of photos.

The first run and --full-refresh make the clusters. Later runs put each new photo into the cluster
with the nearest center, the mean of its photos, and move no other photo. While the clusters hold
fewer than 100 photos, or less than half of the collection, a run makes all clusters again.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbt.adapters.clickhouse_python.session import Dbt, Session

Vectors = npt.NDArray[np.floating]
Numbers = npt.NDArray[np.intp]


def model(dbt: Dbt, session: Session) -> pa.Table:
    dbt.config(materialized="incremental", meta={"frame": "relation"}, packages=["scikit-learn"])
    photos = dbt.ref("photos")
    known = f"countIf(photo_id in (select photo_id from {dbt.this}))"
    enough = f"select {known} >= greatest(100, count() / 2) as enough from {photos}"
    adds = dbt.is_incremental and session.sql(enough)["enough"][0].as_py()
    new = f"where photo_id not in (select photo_id from {dbt.this})" if adds else ""
    rows = session.sql(f"select photo_id, photo_embed from {photos} {new} order by photo_id")
    if len(rows) == 0:
        return pa.table({"photo_id": [], "cluster_id": [], "center_distance": []})

    vectors = np.stack(rows["photo_embed"].to_numpy())
    if adds:
        clusters = session.sql(
            f"""
            select cluster_id, avgForEach(photo_embed) as center
            from {photos} inner join {dbt.this} using (photo_id)
            group by cluster_id order by cluster_id
            """
        )
        ids, centers = clusters["cluster_id"].to_numpy(), np.stack(clusters["center"].to_numpy())
        nearest = nearest_of(centers, vectors)
    else:
        # imported here because it takes seconds, and only new clusters need it
        from sklearn.cluster import KMeans

        made = KMeans(round(len(vectors) ** 0.5), random_state=0).fit(vectors)
        ids, centers, nearest = np.arange(made.n_clusters), made.cluster_centers_, made.labels_
    distances = np.linalg.norm(vectors - centers[nearest], axis=1)
    columns = {"photo_id": rows["photo_id"], "cluster_id": ids[nearest]}
    return pa.table(columns | {"center_distance": distances})


def nearest_of(centers: Vectors, vectors: Vectors) -> Numbers:
    """Which of the centers is nearest to each vector."""
    nearest: Numbers = (vectors @ centers.T - np.square(centers).sum(axis=1) / 2).argmax(axis=1)
    return nearest
