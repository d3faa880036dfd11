"""The photos nearest to each photo, exactly: every photo is measured against every other.

Photos are the rows of `vectors`, which have length 1, in the order of their ids. Products of
matrices, a block of rows at a time, find the pairs that can be in a list. Those pairs are measured
again one by one, so equal vectors are at distance 0, and equal distances come in the order of ids.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Distances = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]

BLOCK = 2**24  # similarities in memory at once, 64 MB
ROUNDING = 1e-5  # products of unit vectors in float32 are off by less


class Neighbours(NamedTuple):
    """Query photos and their neighbours as positions in `vectors`, rank from 1, cosine distance."""

    queries: Positions
    others: Positions
    ranks: Positions
    distances: Distances


NOWHERE = np.empty(0, np.intp)
NO_NEIGHBOURS = Neighbours(NOWHERE, NOWHERE, NOWHERE, np.empty(0, np.float32))


def unit_length(vectors: Vectors) -> Vectors:
    """The same directions with length 1."""
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def nearest(vectors: Vectors, queries: Positions, top_k: int) -> Iterator[Neighbours]:
    """The lists of `queries`, `top_k` neighbours each, or all others where they are fewer.

    `queries` ascend, and so do those of the lists, which come some at a time.
    """
    return _nearest(vectors, queries, top_k, _later_copies(vectors, top_k))


def changed_lists(vectors: Vectors, known: Neighbours, top_k: int) -> Iterator[Neighbours]:
    """The lists that are not yet as `nearest` finds them, and perhaps a few that are.

    `known` are lists of an earlier run, without the pairs of which a vector changed or vanished.
    Photos that lack some of their list, as new ones do, are measured against all others. They
    enter the other lists where they are nearer than the last neighbour.
    """
    count_known = np.bincount(known.queries, minlength=len(vectors))
    is_complete = count_known == min(top_k, len(vectors) - 1)
    measured = np.flatnonzero(~is_complete)
    later = _later_copies(vectors, top_k)
    yield from _nearest(vectors, measured, top_k, later)

    farthest = np.full(len(vectors), -1, np.float32)
    np.maximum.at(farthest, known.queries, known.distances)
    measured = np.setdiff1d(measured, later)
    entered = [(NOWHERE, NOWHERE)]
    for block in _blocks(np.flatnonzero(is_complete), len(measured)):
        rows, columns = _at_least(vectors[block] @ vectors[measured].T, 1 - farthest[block])
        entered.append((block[rows], measured[columns]))
    queries, others = (np.concatenate(column) for column in zip(*entered, strict=True))
    stays = is_complete[known.others] & np.isin(known.queries, queries)
    queries = np.concatenate([queries, known.queries[stays]])
    others = np.concatenate([others, known.others[stays]])
    yield _ranked(vectors, queries, others, top_k)


def _nearest(
    vectors: Vectors, queries: Positions, top_k: int, later: Positions
) -> Iterator[Neighbours]:
    top_k = min(top_k, len(vectors) - 1)
    for block in _blocks(queries, len(vectors)):
        yield _ranked(vectors, *_candidates(vectors, block, top_k, later), top_k)


def _later_copies(vectors: Vectors, top_k: int) -> Positions:
    """Photos that no list can name: enough photos with the same vector come before them.

    Without them the pairs of n equal vectors grow with n, and not with its square.
    """
    hashes = np.fromiter((hash(row.tobytes()) for row in vectors), np.int64, len(vectors))
    order = np.argsort(hashes, kind="stable")
    copies_before = np.arange(len(hashes)) - np.searchsorted(hashes[order], hashes[order])
    return order[copies_before > top_k]  # one more than a list holds: a photo is not in its own


def _blocks(queries: Positions, count_others: int) -> list[Positions]:
    size = max(1, BLOCK // max(1, count_others))
    return [queries[start : start + size] for start in range(0, len(queries), size)]


def _candidates(
    vectors: Vectors, block: Positions, top_k: int, later: Positions
) -> tuple[Positions, Positions]:
    """Pairs of each photo of a block with its nearest, and with others hardly farther.

    The greatest similarities of a thousand groups of photos are found ten times as fast as the
    greatest of all. The k-th of them is never above the k-th of all, so it is a safe floor.
    """
    count = len(vectors)
    similarities = vectors[block] @ vectors.T
    similarities[np.arange(len(block)), block] = -np.inf
    similarities[:, later] = -np.inf
    groups = min(count, 1024 + top_k)
    greatest = similarities[:, : count - count % groups].reshape(len(block), -1, groups).max(axis=1)
    rows, others = _at_least(similarities, np.partition(greatest, -top_k)[:, -top_k])
    return block[rows], others


def _at_least(similarities: Vectors, floors: Distances) -> tuple[Positions, Positions]:
    """Rows and columns of the similarities that reach their row's floor, or may by rounding."""
    reached = np.flatnonzero(similarities >= floors[:, None] - ROUNDING)
    return np.divmod(reached, similarities.shape[1])


def _ranked(vectors: Vectors, queries: Positions, others: Positions, top_k: int) -> Neighbours:
    """The lists of these pairs' queries, nearest first, equally near ones in the order of ids."""
    distances = _distances(vectors, queries, others)
    order = np.lexsort((others, distances, queries))
    queries, others, distances = queries[order], others[order], distances[order]
    ranks = np.arange(len(queries)) - np.searchsorted(queries, queries) + 1
    listed = ranks <= top_k
    return Neighbours(queries[listed], others[listed], ranks[listed], distances[listed])


def _distances(vectors: Vectors, queries: Positions, others: Positions) -> Distances:
    """Cosine distances of pairs: half the squared difference, which is 0 for equal vectors."""
    distances = np.empty(len(queries), np.float32)
    for start in range(0, len(queries), 8192):
        piece = slice(start, start + 8192)
        differences = vectors[queries[piece]] - vectors[others[piece]]
        distances[piece] = np.square(differences).sum(axis=1) / 2
    return distances
