"""Places each photo on a plane, with PCA or UMAP, as the var photo_map_method says.

The first run and --full-refresh make the map. Later runs place new photos and move no others. With
PCA, a new photo gets the place that PCA would have given it. Its directions can be computed from
the photos on the map. With UMAP, it goes between the places of its five most similar photos. While
fewer than 100 photos, or less than half of the collection, have a place, a run makes the whole map
again.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbt.adapters.clickhouse_python.session import Dbt, Session

Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.floating]

# photos from which the directions are computed; a vector has fewer numbers, so these are enough
ENOUGH = 2048


def model(dbt: Dbt, session: Session) -> pa.Table:
    dbt.config(materialized="incremental", meta={"frame": "relation"}, packages=["umap-learn"])
    method = dbt.config.meta_get("method")
    if method not in ("pca", "umap"):
        raise ValueError(f"`photo_map_method` must be pca or umap. Got: {method}")
    photos = dbt.ref("photos")
    new = f"select photo_id, photo_embed from {photos}"
    known = f"countIf(photo_id in (select photo_id from {dbt.this}))"
    enough = f"select {known} >= greatest(100, count() / 2) as enough from {photos}"
    adds = dbt.is_incremental and session.sql(enough)["enough"][0].as_py()
    if adds:
        new += f" where photo_id not in (select photo_id from {dbt.this})"
    rows = session.sql(f"{new} order by photo_id")
    if len(rows) == 0:
        return pa.table({"photo_id": [], "map_x": [], "map_y": []})

    vectors = np.stack(rows["photo_embed"].to_numpy())
    if adds:
        placed = f"select photo_id from {dbt.this}"
        if method == "pca":
            placed += f" order by cityHash64(photo_id) limit {ENOUGH}"
        known = session.sql(
            f"""
            select photo_embed, [map_x, map_y] as place
            from {photos} inner join {dbt.this} using (photo_id)
            where photo_id in ({placed})
            """
        )
        place = along_directions if method == "pca" else among_neighbours
        places = place(vectors, *(np.stack(column.to_numpy()) for column in known.columns))
    elif method == "umap" and len(vectors) > 2:
        from umap import UMAP  # imported here because it takes seconds, and only a new map needs it

        places = UMAP(init="pca", random_state=0, n_jobs=1).fit_transform(vectors)
    else:
        centered = vectors - vectors.mean(axis=0)
        places = centered @ np.linalg.eigh(centered.T @ centered).eigenvectors[:, [-1, -2]]
    return pa.table({"photo_id": rows["photo_id"], "map_x": places[:, 0], "map_y": places[:, 1]})


def along_directions(vectors: Vectors, known: Vectors, known_places: Places) -> Places:
    """Place new photos with PCA. A place is a weighted sum of a vector's numbers, and least squares
    gives the weights.
    """
    center, origin = known.mean(axis=0), known_places.mean(axis=0)
    directions, *_ = np.linalg.lstsq(known - center, known_places - origin)
    places: Places = origin + (vectors - center) @ directions
    return places


def among_neighbours(vectors: Vectors, known: Vectors, known_places: Places) -> Places:
    """The mean of the places of the five most similar photos. Nearer photos weigh more."""
    # imported here because it takes seconds, and only new photos need it
    from sklearn.neighbors import KNeighborsRegressor

    nearest = KNeighborsRegressor(min(5, len(known)), weights="distance")
    places: Places = nearest.fit(known, known_places).predict(vectors)
    return places
