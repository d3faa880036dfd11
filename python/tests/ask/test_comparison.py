"""How the neighbours of photos change, on vectors whose neighbours are easy to see."""

import numpy as np
import pytest

from photo_search.ask import comparison
from photo_search.ask.comparison import Embedded, compare
from photo_search.errors import DatasetError


def embedded(version, **degrees):
    """Photos by id. Each vector is a direction on a circle."""
    angles = np.radians(list(degrees.values()))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Embedded(list(degrees), vectors, version)


def test_only_photos_on_both_sides_are_compared():
    old = embedded("1", cat=0, gone=1, dog=10, sun=90, sea=100)
    new = embedded("2", sea=100, cat=0, dog=85, sun=90, new=1)
    found = compare(old, new, top_k=1)
    assert (found.count_photos, found.count_compared, found.count_same) == (4, 4, 2)
    assert found.share_kept == 0.5
    assert found.moved == [("dog", ["cat"], ["sun"]), ("sun", ["sea"], ["dog"])]


def test_equal_pictures_are_the_same_neighbours_on_both_sides():
    names = [f"copy{number}" for number in range(9)]
    old, new = (embedded(version, **dict.fromkeys(names, 45)) for version in "12")
    found = compare(old, new, top_k=3)
    assert (found.share_kept, found.count_same, found.moved) == (1, 9, [])


def test_of_many_photos_some_are_compared_and_those_that_kept_least_are_shown(monkeypatch):
    monkeypatch.setattr(comparison, "MOST_COMPARED", 40)
    monkeypatch.setattr(comparison, "MOST_SHOWN", 10)
    old, new = (
        embedded(version, **{f"p{n:02}": degrees for n, degrees in enumerate(order)})
        for version, order in (
            ("1", range(90)),
            ("2", [n + n % 7 * (n // 30) for n in range(90)]),
        )
    )
    found = compare(old, new, top_k=4)
    assert (found.count_photos, found.count_compared) == (90, 30)
    kept = [len(set(before) & set(after)) for _, before, after in found.moved]
    assert kept == [0] * 6 + [1] * 4


def test_a_single_photo_has_no_neighbours_to_compare():
    found = compare(embedded("1", cat=0, dog=1), embedded("2", cat=5), top_k=10)
    assert (found.top_k, found.count_photos, found.share_kept, found.moved) == (0, 1, 1, [])


def test_a_comparison_without_a_common_photo_is_refused():
    with pytest.raises(DatasetError, match="have no photo in common"):
        compare(embedded("1", cat=0), embedded("2", dog=0), top_k=10)
