"""A place on a plane for each photo, by PCA or by UMAP, as the var photo_map_method says.

The first run, and --full-refresh, makes the map. Later runs place new photos and move no others:
where PCA would have put them, for its directions can be read off the places that are there; UMAP
leaves nothing but places, so between the places of the five photos most like the new one.
"""

import numpy as np
import pyarrow as pa
from sklearn import linear_model, neighbors


def model(dbt, session):
    dbt.config(materialized="incremental", frame="relation", packages=["umap-learn"])
    method = dbt.config.meta_get("method")
    if method not in ("pca", "umap"):
        raise ValueError(f"`photo_map_method` must be pca or umap. Got: {method}")
    photos = dbt.ref("photos")
    new = f"select photo_id, photo_embed from {photos}"
    if dbt.is_incremental:
        new += f" where photo_id not in (select photo_id from {dbt.this})"
    rows = session.sql(f"{new} order by photo_id")
    if len(rows) == 0:
        return pa.table({"photo_id": [], "map_x": [], "map_y": []})

    vectors = np.stack(rows["photo_embed"].to_numpy())
    if dbt.is_incremental:
        both = f"{photos} inner join {dbt.this} using (photo_id)"
        placed = session.sql(f"select photo_embed, [map_x, map_y] as place from {both}")
        nearest = neighbors.KNeighborsRegressor(min(5, len(placed)), weights="distance")
        way = nearest if method == "umap" else linear_model.LinearRegression()
        places = way.fit(*(np.stack(c.to_numpy()) for c in placed.columns)).predict(vectors)
    elif method == "umap" and len(vectors) > 2:
        from umap import UMAP  # takes seconds; only this map waits for it

        places = UMAP(init="pca", random_state=0, n_jobs=1).fit_transform(vectors)
    else:
        centered = vectors - vectors.mean(axis=0)
        places = centered @ np.linalg.eigh(centered.T @ centered).eigenvectors[:, [-1, -2]]
    return pa.table({"photo_id": rows["photo_id"], "map_x": places[:, 0], "map_y": places[:, 1]})
