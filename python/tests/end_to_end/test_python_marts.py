"""The clusters and the map of the sample, and how new and removed photos change them."""

import csv
import json
import re
import runpy
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import (  # type: ignore[import-untyped]
    adjusted_rand_score,
    pairwise_distances,
)
from starlette.testclient import TestClient

from demo import Demo
from photo_search.draw.page.app import make_app
from photo_search.draw.page.context import open_site
from warm_project import REPOSITORY

PLACED = "photo_clusters photo_map photo_cluster_names"
WITH_UMAP = ("--vars", "photo_map_method: umap")


class Placed(NamedTuple):
    cluster_id: int
    place: tuple[float, float]


def by_photo(demo: Demo, *arguments: str) -> dict[str, Placed]:
    """The cluster and the place of each photo."""
    shown = demo.dbt.run(
        *("--quiet", "show", "--limit", "-1", "--output", "json", *arguments, "--inline"),
        "select photo_id, cluster_id, map_x, map_y "
        "from {{ ref('photo_clusters') }} full join {{ ref('photo_map') }} using (photo_id)",
    )
    return {
        row["photo_id"]: Placed(row["cluster_id"], (row["map_x"], row["map_y"]))
        for row in json.loads(shown.check().output)["show"]
    }


def rebuild(demo: Demo, photos: pa.Table, *arguments: str) -> dict[str, Placed]:
    """The same, after the collection is reduced to `photos`."""
    pq.write_table(photos, demo.data / "photos.parquet")
    demo.dbt.load("--data", str(demo.data)).check()
    demo.dbt.run("run", "--select", "photos", *PLACED.split(), *arguments).check()
    return by_photo(demo, *arguments)


def sources_of(photo_ids: Iterable[str]) -> list[str]:
    """The source photograph of each of these photos."""
    with (REPOSITORY / "sample" / "sources.csv").open() as file:
        sources = {row["photo_id"]: row["source"] for row in csv.DictReader(file)}
    return [sources[photo_id] for photo_id in photo_ids]


def test_photos_of_one_photograph_share_clusters_and_places_on_the_map(demo: Demo) -> None:
    clusters = {photo_id: placed.cluster_id for photo_id, placed in by_photo(demo).items()}
    assert adjusted_rand_score(sources_of(clusters), [*clusters.values()]) > 0.6


def test_new_photos_are_placed_and_no_other_photo_moves(broken: Demo) -> None:
    everything = pq.read_table(broken.data / "photos.parquet")
    whole = by_photo(broken)
    gone = everything["photo_id"][0].as_py()

    some = rebuild(broken, everything.slice(0, 200), "--full-refresh")
    assert len(some) == 200
    more = rebuild(broken, everything.filter(pc.not_equal(everything["photo_id"], gone)))
    assert more.keys() == whole.keys() - {gone}
    del some[gone]
    assert all(more[photo_id] == some[photo_id] for photo_id in some)
    new = {photo_id: more[photo_id] for photo_id in more.keys() - some.keys()}
    assert are_in_the_nearest_clusters(new, some, everything)
    assert are_near_their_like(new, some)
    assert rebuild(broken, everything, "--full-refresh") == whole


def are_in_the_nearest_clusters(
    new: dict[str, Placed], some: dict[str, Placed], photos: pa.Table
) -> bool:
    """Whether no mean of a cluster of `some` photos is nearer than that of a new photo's own."""
    ids = photos["photo_id"].to_pylist()
    vectors = dict(zip(ids, np.array(photos["photo_embed"].to_pylist()), strict=True))
    members: dict[int, list[str]] = {}
    for photo_id, placed in some.items():
        members.setdefault(placed.cluster_id, []).append(photo_id)
    means = [
        np.mean([vectors[photo_id] for photo_id in found], axis=0) for found in members.values()
    ]
    nearest = pairwise_distances([vectors[photo_id] for photo_id in new], means).argmin(axis=1)
    return [list(members)[at] for at in nearest] == [placed.cluster_id for placed in new.values()]


def test_the_pages_of_a_cluster_link_each_of_its_photos_once(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [photo_id for photo_id, placed in by_photo(demo).items() if placed.cluster_id == 0]
    for module in ("ask.clusters", "draw.page.map_views"):
        monkeypatch.setattr(f"photo_search.{module}.PAGE", 3)
    monkeypatch.chdir(REPOSITORY)
    for name, value in demo.dbt.environment.items():
        monkeypatch.setenv(name, value)
    found, paths = [], ["/cluster/0"]
    with demo.project.open() as warehouse:
        app = make_app(open_site(warehouse, str(demo.data), False), ["localhost"])
        with TestClient(app, "http://localhost") as visitor:
            for path in paths:
                text = visitor.get(path).text
                found += re.findall(r'<a href="/photo/([\w-]+)"><img', text)
                paths += re.findall(r'href="([^"]+)" rel="next"', text)
    assert len(paths) == -(-len(members) // 3) > 1
    assert sorted(found) == sorted(members)


def test_the_nearest_center_is_the_one_at_the_smallest_distance() -> None:
    photo_clusters = runpy.run_path(str(REPOSITORY / "models" / "marts" / "photo_clusters.py"))
    random = np.random.default_rng(1)
    vectors, centers = random.normal(size=(200, 3)), random.normal(size=(9, 3))
    expected = pairwise_distances(vectors, centers).argmin(axis=1)
    assert np.array_equal(photo_clusters["nearest_of"](centers, vectors), expected)


def test_a_map_with_another_centre_gives_a_new_photo_its_place_by_pca() -> None:
    photo_map = runpy.run_path(str(REPOSITORY / "models" / "marts" / "photo_map.py"))
    random = np.random.default_rng(1)
    known, new, directions = (random.normal(size=size) for size in ((50, 8), (5, 8), (8, 2)))
    places = photo_map["along_directions"](new, known, known @ directions + 3)
    assert places == pytest.approx(new @ directions + 3)


def test_clusters_and_map_are_computed_again_when_few_or_under_half_of_the_photos_have_one(
    broken: Demo,
) -> None:
    everything = pq.read_table(broken.data / "photos.parquet")
    whole = by_photo(broken)
    assert count_clusters(rebuild(broken, everything.slice(0, 60), "--full-refresh")) == 8
    assert count_clusters(rebuild(broken, everything.slice(0, 120))) == 11
    assert rebuild(broken, everything) == whole


def count_clusters(photos: dict[str, Placed]) -> int:
    return len({placed.cluster_id for placed in photos.values()})


def test_umap_draws_another_map_and_places_new_photos_near_similar_ones(broken: Demo) -> None:
    everything = pq.read_table(broken.data / "photos.parquet")
    by_pca = by_photo(broken)

    some = rebuild(broken, everything.slice(0, 200), *WITH_UMAP)
    assert len(some) == 200
    assert are_near_their_like(some, some)
    broken.dbt.run("run", "--select", "photo_map", "--full-refresh", *WITH_UMAP).check()
    assert by_photo(broken, *WITH_UMAP) == some

    more = rebuild(broken, everything, *WITH_UMAP)
    assert all(more[photo_id] == some[photo_id] for photo_id in some)
    new = {photo_id: more[photo_id] for photo_id in by_pca.keys() - some.keys()}
    assert are_near_their_like(new, some)
    assert {photo_id: row.place for photo_id, row in by_photo(broken).items()} == {
        photo_id: row.place for photo_id, row in by_pca.items()
    }


def test_an_unknown_map_method_is_refused(broken: Demo) -> None:
    refused = broken.dbt.run("run", "--select", "photo_map", "--vars", "photo_map_method: tsne")
    assert refused.exit_code == 1
    assert "`photo_map_method` must be pca or umap. Got: tsne" in refused.output


def are_near_their_like(these: dict[str, Placed], those: dict[str, Placed]) -> bool:
    """Whether photos of one photograph are at most half as far apart as photos in general."""
    gaps = pairwise_distances(*([row.place for row in rows.values()] for rows in (these, those)))
    alike = np.equal.outer(*(np.array(sources_of(rows)) for rows in (these, those)))
    return bool(gaps[alike].mean() < gaps.mean() / 2)
