"""A place on a plane for each photo: along the two directions in which the vectors differ most.

The first run, and --full-refresh, finds the directions (PCA). Later runs read them off the photos
that have a place, give places to new photos, and move none of the others.
"""

import numpy as np
import pyarrow as pa


def model(dbt, session):
    dbt.config(materialized="incremental", frame="relation")
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
        known, known_places = (np.stack(column.to_numpy()) for column in placed.columns)
        center, origin = known.mean(axis=0), known_places.mean(axis=0)
        directions, *_ = np.linalg.lstsq(known - center, known_places - origin)
    else:
        center, origin = vectors.mean(axis=0), 0
        centered = vectors - center
        directions = np.linalg.eigh(centered.T @ centered).eigenvectors[:, [-1, -2]]
    places = origin + (vectors - center) @ directions
    return pa.table({"photo_id": rows["photo_id"], "map_x": places[:, 0], "map_y": places[:, 1]})
