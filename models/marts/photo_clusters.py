"""Photos that look alike, as clusters: k-means, as many clusters as the square root of the photos.

The first run, and --full-refresh, makes the clusters. Later runs put each new photo into the one
with the nearest center, which is the mean of its photos, and leave all others where they are. When
less than half of the photos are in a cluster, or fewer than `FEW`, all clusters are made anew.
"""

import numpy as np
import pyarrow as pa

FEW = 100


def model(dbt, session):
    dbt.config(materialized="incremental", unique_key="photo_id", frame="relation")
    dbt.config(packages=["scikit-learn"])
    photos = dbt.ref("photos")
    new = f"select photo_id, photo_embed from {photos}"
    adds = dbt.is_incremental and are_enough(session, photos, dbt.this)
    if adds:
        new += f" where photo_id not in (select photo_id from {dbt.this})"
    rows = session.sql(f"{new} order by photo_id")
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
        nearest = (vectors @ centers.T - np.square(centers).sum(axis=1) / 2).argmax(axis=1)
    else:
        from sklearn.cluster import KMeans  # takes seconds; only new clusters wait for it

        made = KMeans(round(len(vectors) ** 0.5), random_state=0).fit(vectors)
        ids, centers, nearest = np.arange(made.n_clusters), made.cluster_centers_, made.labels_
    distances = np.linalg.norm(vectors - centers[nearest], axis=1)
    return pa.table(
        {"photo_id": rows["photo_id"], "cluster_id": ids[nearest], "center_distance": distances}
    )


def are_enough(session, photos, placed):
    """Whether `placed` has the clusters of half of the photos, and of `FEW` or more."""
    known = f"countIf(photo_id in (select photo_id from {placed}))"
    counts = session.sql(f"select {known} as known, count() as count_photos from {photos}")
    known, count_photos = (column[0].as_py() for column in counts.columns)
    return known >= FEW and 2 * known >= count_photos
