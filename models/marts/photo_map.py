"""A place on a plane for each photo: along the two directions in which the vectors differ most.

The first run, and --full-refresh, finds the directions (PCA). Later runs read them off the photos
that have a place, give places to new photos, and move none of the others.
"""

import numpy as np
import pyarrow as pa
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression


def model(dbt, session):
    dbt.config(materialized="incremental", frame="relation", packages=["scikit-learn"])
    photos = dbt.ref("photos")
    new = f"select photo_id, photo_embed from {photos}"
    if dbt.is_incremental:
        new += f" where photo_id not in (select photo_id from {dbt.this})"
    rows = session.sql(f"{new} order by photo_id")
    if len(rows) == 0:
        return pa.table({"photo_id": [], "map_x": [], "map_y": []})

    vectors = np.stack(rows["photo_embed"].to_numpy())
    if dbt.is_incremental:
        placed = session.sql(
            f"""
            select photo_embed, [map_x, map_y] as place
            from {photos} inner join {dbt.this} using (photo_id)
            """
        )
        known = np.stack(placed["photo_embed"].to_numpy()), np.stack(placed["place"].to_numpy())
        places = LinearRegression().fit(*known).predict(vectors)
    else:
        places = PCA(2, svd_solver="covariance_eigh").fit_transform(vectors)
    return pa.table({"photo_id": rows["photo_id"], "map_x": places[:, 0], "map_y": places[:, 1]})
