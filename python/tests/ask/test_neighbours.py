"""The neighbours of every photo, on vectors whose neighbours are easy to see."""

from collections.abc import Iterable

import numpy as np
import pytest

from photo_search.ask import neighbours
from photo_search.ask.neighbours import (
    NO_NEIGHBOURS,
    Neighbours,
    Vectors,
    changed_lists,
    nearest,
    unit_length,
)

Listed = dict[int, list[int]]


def directions(*degrees: float) -> Vectors:
    """Vectors with these directions on a circle."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def joined(parts: Iterable[Neighbours]) -> Neighbours:
    return Neighbours(
        *(np.concatenate(columns) for columns in zip(NO_NEIGHBOURS, *parts, strict=True))
    )


def listed(lists: Neighbours) -> Listed:
    """The neighbours of each query photo. The ranks must go up from 1."""
    found: Listed = {}
    for query, other, rank in zip(lists.queries, lists.others, lists.ranks, strict=True):
        found.setdefault(int(query), []).append(int(other))
        assert rank == len(found[int(query)])
    return found


def all_lists(vectors: Vectors, top_k: int) -> Neighbours:
    return joined(nearest(vectors, np.arange(len(vectors)), top_k))


def by_hand(vectors: Vectors, top_k: int) -> Listed:
    """The same without shortcuts, for vectors that are exactly equal or far apart."""
    found = {}
    for query, vector in enumerate(vectors):
        distances = np.square(vectors - vector).sum(axis=1) / 2
        order = [int(n) for n in np.argsort(distances, kind="stable") if n != query]
        found[query] = order[:top_k]
    return found


def photos(count: int, copies: int, seed: int) -> Vectors:
    """Random vectors, of which `copies` equal the first."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 16)).astype(np.float32)
    vectors[random.permutation(count)[:copies]] = vectors[0]
    return unit_length(vectors)


def test_the_nearest_comes_first() -> None:
    lists = all_lists(directions(0, 10, 30, 70), top_k=2)
    assert listed(lists) == {0: [1, 2], 1: [0, 2], 2: [1, 0], 3: [2, 1]}
    assert lists.distances[:2] == pytest.approx(1 - np.cos(np.radians([10, 30])), abs=1e-6)


def test_photos_at_equal_distance_are_in_the_order_of_their_ids() -> None:
    lists = all_lists(directions(0, 90, 0, 90, 0), top_k=3)
    assert listed(lists) == {0: [2, 4, 1], 1: [3, 0, 2], 2: [0, 4, 1], 3: [1, 0, 2], 4: [0, 2, 1]}
    assert lists.distances[:2].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("count", "expected"), [(0, {}), (1, {}), (2, {0: [1], 1: [0]})], ids=["none", "one", "two"]
)
def test_a_list_has_all_other_photos_if_there_are_fewer(count: int, expected: Listed) -> None:
    vectors = directions(*range(0, 10 * count, 10))
    assert listed(all_lists(vectors, 10)) == expected
    assert listed(joined(changed_lists(vectors, NO_NEIGHBOURS, 10))) == expected


def test_only_the_query_photos_have_lists() -> None:
    lists = joined(nearest(directions(0, 10, 30, 70), np.array([1, 3]), 1))
    assert listed(lists) == {1: [0], 3: [2]}


@pytest.mark.parametrize("top_k", [1, 10])
def test_many_equal_vectors_are_ranked_without_measuring_all_their_pairs(
    monkeypatch: pytest.MonkeyPatch, top_k: int
) -> None:
    vectors, measured = photos(1300, 1000, seed=3), []
    distances = neighbours._distances
    monkeypatch.setattr(
        neighbours,
        "_distances",
        lambda vectors, queries, others: (
            measured.append(len(queries)) or distances(vectors, queries, others)
        ),
    )
    assert listed(all_lists(vectors, top_k)) == by_hand(vectors, top_k)
    assert sum(measured) < (top_k + 3) * 1300


def test_a_list_may_be_long() -> None:
    vectors = photos(1300, 1000, seed=3)
    assert listed(all_lists(vectors, 1100)) == by_hand(vectors, 1100)


def test_the_size_of_a_block_does_not_change_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = photos(300, 40, seed=5)
    expected = listed(all_lists(vectors, 10))
    monkeypatch.setattr(neighbours, "BLOCK", 7 * 300)
    assert listed(all_lists(vectors, 10)) == expected == by_hand(vectors, 10)


def pairs_that_stay(lists: Neighbours, stays: np.ndarray, places: np.ndarray) -> Neighbours:
    """The pairs of two remaining photos, at their new positions."""
    kept = stays[lists.queries] & stays[lists.others]
    queries, others, ranks, distances = (column[kept] for column in lists)
    return Neighbours(places[queries], places[others], ranks, distances)


@pytest.mark.parametrize("copies", [0, 5, 60])
@pytest.mark.parametrize("seed", range(4))
def test_a_later_run_gives_the_same_lists_as_a_first_run(copies: int, seed: int) -> None:
    vectors = photos(200, copies, seed)
    random = np.random.default_rng(seed)
    is_old, is_left = random.random((2, 200)) < 0.8
    was = all_lists(vectors[is_old], 10)
    stays, places = is_left[is_old], (np.cumsum(is_left) - 1)[is_old]
    known, vectors = pairs_that_stay(was, stays, places), vectors[is_left]

    changed = listed(joined(changed_lists(vectors, known, 10)))
    expected = by_hand(vectors, 10)
    assert listed(known._replace(ranks=ranks_of(known))) | changed == expected


def ranks_of(lists: Neighbours) -> np.ndarray:
    return np.arange(len(lists.queries)) - np.searchsorted(lists.queries, lists.queries) + 1


def test_unchanged_lists_are_not_written() -> None:
    near, far = directions(0, 10, 20), directions(0, 10, 20, 180, 181, 182)
    assert listed(joined(changed_lists(near, all_lists(near, 2), 2))) == {}
    changed = listed(joined(changed_lists(far, all_lists(near, 2), 2)))
    assert changed == {3: [4, 5], 4: [3, 5], 5: [4, 3]}


@pytest.mark.parametrize("before", [2, 5])
def test_another_number_of_neighbours_changes_all_lists(before: int) -> None:
    vectors = photos(50, 0, seed=1)
    changed = joined(changed_lists(vectors, all_lists(vectors, before), 3))
    assert listed(changed) == by_hand(vectors, 3)
