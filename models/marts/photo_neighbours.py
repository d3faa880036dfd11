"""The ten photos most like each photo, exactly: every photo is measured against every other.

That is what the first run and --full-refresh do. Later runs measure the photos that are new, that
changed, or that lost a neighbour, and put them into the lists of those to which they have come
nearer than the tenth. Only lists that this changes are written; either way they come out the same.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TOP_K = 10
BLOCK = 2**24  # similarities in memory at once, 64 MB
ROUNDING = 1e-5  # products of unit vectors in float32 are off by less


def model(dbt, session):
    dbt.config(materialized="incremental", unique_key="target_photo_id", meta={"frame": "relation"})
    columns = "photo_id, photo_embed, cityHash64(photo_embed) as vector_hash"
    photos = session.sql(f"select {columns} from {dbt.ref('photos')} order by photo_id")
    numbers = photos["photo_embed"].combine_chunks().flatten().to_numpy()
    vectors = numbers.reshape(len(photos), len(numbers) // max(1, len(photos)))
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    ids, hashes = photos["photo_id"].combine_chunks(), photos["vector_hash"].to_numpy()

    last = [np.empty(0, int)] * 3
    if dbt.is_incremental:
        last = unchanged_pairs(session.sql(f"select * from {dbt.this}"), ids, hashes)
    later = later_copies(hashes)
    for targets, others, ranks, distances in changed_lists(vectors, later, *last):
        yield pa.table(
            {
                "target_photo_id": ids.take(pa.array(targets)),
                "photo_id": ids.take(pa.array(others)),
                "similarity_rank": ranks,
                "distance": distances,
                "pair_hash": pair_hash(hashes, targets, others),
            }
        )
    return


def pair_hash(hashes, targets, others):
    return 2 * hashes[targets] + hashes[others]


def unchanged_pairs(last, ids, hashes):
    """Targets, others and distances of the last run's pairs whose vectors are still the same."""
    targets, others = (pc.index_in(last[name], ids) for name in ("target_photo_id", "photo_id"))
    known = pc.and_(targets.is_valid(), others.is_valid())
    targets, others, distances, hashed = (
        column.filter(known).to_numpy()
        for column in (targets, others, last["distance"], last["pair_hash"])
    )
    same = pair_hash(hashes, targets, others) == hashed
    return targets[same], others[same], distances[same]


def later_copies(hashes):
    """Photos that no list can name: enough photos of the same vector have a smaller photo_id.

    Without them the pairs of n equal pictures grow with n, and not with its square.
    """
    order = np.argsort(hashes, kind="stable")
    copies_before = np.arange(len(hashes)) - np.searchsorted(hashes[order], hashes[order])
    return order[copies_before > TOP_K]  # one more than a list holds: a photo is not in its own


def changed_lists(vectors, later, targets, others, distances):
    """Targets, others, ranks and distances of the lists to write, given the pairs that stay."""
    complete = np.bincount(targets, minlength=len(vectors)) >= min(TOP_K, len(vectors) - 1)
    measured = np.flatnonzero(~complete)
    for block in blocks(measured, len(vectors)):
        yield ranked(vectors, *nearest(vectors, block, later))

    tenth = np.full(len(vectors), -1, np.float32)
    np.maximum.at(tenth, targets, distances)
    entered = [np.empty((2, 0), int)]
    measured = np.setdiff1d(measured, later)
    for block in blocks(np.flatnonzero(complete), len(measured)):
        similarities = vectors[block] @ vectors[measured].T
        rows, columns = at_least(similarities, 1 - tenth[block])
        entered.append(np.stack([block[rows], measured[columns]]))
    entered = np.concatenate(entered, axis=1)
    stay = complete[others] & np.isin(targets, entered[0])
    yield ranked(vectors, *np.concatenate([entered, [targets[stay], others[stay]]], axis=1))


def blocks(targets, count_others):
    size = max(1, BLOCK // max(1, count_others))
    return [targets[start : start + size] for start in range(0, len(targets), size)]


def nearest(vectors, block, later):
    """Pairs of each photo of a block with its nearest, and with others hardly farther.

    The tenth of the greatest of a thousand groups is a floor under the tenth greatest of all, and
    found ten times as fast.
    """
    count = len(vectors)
    similarities = vectors[block] @ vectors.T
    similarities[np.arange(len(block)), block] = -np.inf
    similarities[:, later] = -np.inf
    groups = min(count, 1024)
    greatest = similarities[:, : count - count % groups].reshape(len(block), -1, groups).max(axis=1)
    top_k = min(TOP_K, count - 1)
    rows, others = at_least(similarities, np.partition(greatest, -top_k)[:, -top_k])
    return block[rows], others


def at_least(similarities, floors):
    """Rows and columns of the similarities that reach their row's floor, or may by rounding."""
    reached = np.flatnonzero(similarities >= floors[:, None] - ROUNDING)
    return np.divmod(reached, similarities.shape[1])


def distances_of(vectors, targets, others):
    """Cosine distances of pairs: half the squared difference, which is 0 for equal vectors."""
    distances = np.empty(len(targets), np.float32)
    for start in range(0, len(targets), 8192):
        piece = slice(start, start + 8192)
        differences = vectors[targets[piece]] - vectors[others[piece]]
        distances[piece] = np.square(differences).sum(axis=1) / 2
    return distances


def ranked(vectors, targets, others):
    """The lists of these pairs' targets, nearest first, ties by photo_id."""
    distances = distances_of(vectors, targets, others)
    order = np.lexsort((others, distances, targets))
    targets, others, distances = targets[order], others[order], distances[order]
    ranks = np.arange(len(targets)) - np.searchsorted(targets, targets) + 1
    listed = ranks <= TOP_K
    return targets[listed], others[listed], ranks[listed], distances[listed]
