"""The photos most similar to each photo, measured exactly by photo_search.ask.neighbours.

The first run and --full-refresh measure all pairs. Later runs measure photos that are new, that
changed, or that lost a neighbour, and write only the lists that change. Both ways give the same
lists.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbt.adapters.clickhouse_python.session import Dbt, Session
from photo_search.ask.neighbours import (
    NO_NEIGHBOURS,
    Neighbours,
    Positions,
    changed_lists,
    unit_length,
)

Hashes = npt.NDArray[np.uint64]


def model(dbt: Dbt, session: Session) -> Iterator[pa.Table]:
    dbt.config(materialized="incremental", unique_key="query_photo_id", meta={"frame": "relation"})
    top_k = int(dbt.config.meta_get("top_k"))
    columns = "photo_id, photo_embed, cityHash64(photo_embed) as vector_hash"
    photos = session.sql(f"select {columns} from {dbt.ref('photos')} order by photo_id")
    numbers = photos["photo_embed"].combine_chunks().flatten().to_numpy()
    vectors = unit_length(numbers.reshape(len(photos), len(numbers) // max(1, len(photos))))
    ids, hashes = photos["photo_id"].combine_chunks(), photos["vector_hash"].to_numpy()

    known = NO_NEIGHBOURS
    if dbt.is_incremental:
        known = unchanged(session.sql(f"select * from {dbt.this}"), ids, hashes)
    for lists in changed_lists(vectors, known, top_k):
        yield pa.table(
            {
                "query_photo_id": ids.take(pa.array(lists.queries)),
                "photo_id": ids.take(pa.array(lists.others)),
                "similarity_rank": lists.ranks,
                "distance": lists.distances,
                "pair_hash": pair_hash(hashes, lists.queries, lists.others),
            }
        )
    return


def pair_hash(hashes: Hashes, queries: Positions, others: Positions) -> Hashes:
    hashed: Hashes = 2 * hashes[queries] + hashes[others]
    return hashed


def unchanged(last: pa.Table, ids: pa.Array, hashes: Hashes) -> Neighbours:
    """The pairs of the last run whose two vectors are still the same."""
    queries, others = (pc.index_in(last[name], ids) for name in ("query_photo_id", "photo_id"))
    known = pc.and_(queries.is_valid(), others.is_valid())
    queries, others = (column.filter(known).to_numpy() for column in (queries, others))
    ranks, distances, hashed = (
        last[name].filter(known).to_numpy() for name in ("similarity_rank", "distance", "pair_hash")
    )
    same = pair_hash(hashes, queries, others) == hashed
    return Neighbours(queries[same], others[same], ranks[same], distances[same])
