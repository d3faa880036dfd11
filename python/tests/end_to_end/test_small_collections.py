"""The documented first steps, on collections that are small, partial or empty."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from dbt.adapters.factory import FACTORY
from starlette.testclient import TestClient

from demo import Demo
from photo_search.ask.search import search
from photo_search.ask.showcases import read_showcases
from photo_search.draw.gallery.write import write_comparison, write_gallery
from photo_search.draw.page.app import make_app
from photo_search.draw.page.context import open_site
from photo_search.errors import EmptyCollectionError
from warm_project import REPOSITORY

FIRST = "the id of the first photo"
QUESTIONS = {
    "similar_photos": {"photo_id": FIRST},
    "photo_conversions": {"photo_id": FIRST},
    "popular_keywords": {"photo_id": FIRST},
    "popular_similar_photos": {"photo_id": FIRST},
    "keyword_rollup": {},
    "trending_keywords": {},
    "photos_for_keyword": {"keyword": "cat"},
    "related_keywords": {"keyword": "cat"},
    "near_duplicates": {},
    "random_photo": {},
    "filter_values": {},
    "photo_facts": {"photo_ids": [FIRST]},
    "photo_map_clusters": {},
    "photos_of_cluster": {"cluster_id": 0},
    "photo_atlas": {},
    "vector_histograms": {},
    "vector_index_status": {},
}
PAGES = ("/", "/random", "/photo/{}", "/map", "/map.svg", "/map/points.json", "/quality")


@dataclass(frozen=True)
class Collection:
    """The first photos of the sample, their conversions, and the warnings of dbt."""

    count_photos: int
    conversions: str
    count_showcases: int
    warnings: tuple[str, ...] = ()


COLLECTIONS = {
    "one photo": Collection(1, "its own", 1),
    "two photos without a conversion": Collection(2, "none", 2),
    "eight photos and the conversions of others": Collection(
        8, "of others", 6, ("few_conversions_are_orphans",)
    ),
    "100 photos, half of the showcase, all conversions": Collection(
        100, "all", 3, ("every_named_showcase_photo_is_here", "few_conversions_are_orphans")
    ),
}


@pytest.fixture
def whole(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the demo's files during this test. Its own folder is free, so dbt need not
    parse again.
    """
    monkeypatch.chdir(REPOSITORY)
    for name, value in demo.dbt.environment.items():
        monkeypatch.setenv(name, value)
    demo.data.rename(tmp_path / "whole")
    demo.data.mkdir()
    yield tmp_path / "whole"
    shutil.rmtree(demo.data)
    (tmp_path / "whole").rename(demo.data)


def write(collection: Collection, whole: Path, data: Path) -> list[str]:
    """The ids of the photos that are in the files in `data` at that time."""
    photos = pq.read_table(whole / "photos.parquet").slice(0, collection.count_photos)
    conversions = pq.read_table(whole / "conversions.parquet")
    is_its_own = pc.is_in(conversions["photo_id"], photos["photo_id"].combine_chunks())
    chosen = {
        "none": conversions.slice(0, 0),
        "its own": conversions.filter(is_its_own),
        "of others": conversions.filter(pc.invert(is_its_own)),
        "all": conversions,
    }
    failures = pq.read_table(whole / "photo_failures.parquet").slice(0, 0)
    pq.write_table(photos, data / "photos.parquet")
    pq.write_table(chosen[collection.conversions], data / "conversions.parquet")
    pq.write_table(failures, data / "photo_failures.parquet")
    (data / "thumbnails").symlink_to(whole / "thumbnails")
    ids: list[str] = photos["photo_id"].to_pylist()
    return ids


def visit(demo: Demo, photo_id: str) -> dict[str, tuple[int, str]]:
    """The status and the text of each page."""
    with demo.project.open() as warehouse:
        app = make_app(open_site(warehouse, str(demo.data), False), ["localhost"])
        with TestClient(app, "http://localhost", raise_server_exceptions=False) as visitor:
            answers = {page: visitor.get(page.format(photo_id)) for page in PAGES}
    return {
        page: (answer.status_code, " ".join(re.sub("<[^>]+>", " ", answer.text).split()))
        for page, answer in answers.items()
    }


@pytest.mark.parametrize("collection", COLLECTIONS.values(), ids=COLLECTIONS)
def test_the_first_steps_work(
    demo: Demo, whole: Path, tmp_path: Path, collection: Collection
) -> None:
    photo_ids, data = write(collection, whole, demo.data), str(demo.data)
    demo.dbt.load("--data", data).check()
    built = demo.dbt.run("build").check().output
    assert "ERROR=0 SKIP=0" in built
    assert sorted(re.findall(r" WARN (\w+): ", built)) == list(collection.warnings)
    assert f"WARN={len(collection.warnings)} " in built

    answers = {}
    for question, arguments in QUESTIONS.items():
        text = json.dumps(arguments | {"output": "json"}).replace(FIRST, photo_ids[0])
        asked = demo.dbt.run("--quiet", "run-operation", question, "--args", text).check()
        answers[question] = json.loads(asked.output)
    count_others = min(10, len(photo_ids) - 1)
    assert len(answers["similar_photos"]) == len(answers["photo_conversions"]) == count_others

    pages = visit(demo, photo_ids[0])
    assert {page: status for page, (status, _) in pages.items()} == dict.fromkeys(PAGES, 200)
    assert ("There is no other photo" in pages["/photo/{}"][1]) == (count_others == 0)
    assert ("n/a of the ten nearest" in pages["/quality"][1]) == (count_others == 0)

    with demo.project.open() as warehouse:
        showcases = read_showcases(warehouse)
    assert len(showcases) == collection.count_showcases
    assert {len(showcase.similar) for showcase in showcases} == {count_others}
    write_gallery(showcases, data, tmp_path / "gallery.html")
    same = write_comparison(demo.project, f"{data}/photos.parquet", data, tmp_path / "same.html")
    assert (same.share_kept, same.count_same) == (1, len(photo_ids))
    thumbnail = next(file for file in (whole / "thumbnails").rglob("*") if file.is_file())
    found = search(demo.project, data, None, thumbnail, top_k=10)
    assert len(found.answer.similar) == min(10, len(photo_ids))


def test_after_an_empty_build_everything_says_what_to_run_and_that_works(
    demo: Demo, whole: Path
) -> None:
    [photo_id] = write(COLLECTIONS["one photo"], whole, demo.data)
    demo.dbt.load("--data", str(demo.data)).check()
    demo.dbt.run("build", "--empty").check()
    tested = demo.dbt.run("test").check().output
    assert "WARN=0 ERROR=0" in tested

    pages = visit(demo, photo_id)
    assert {status for status, _ in pages.values()} == {200}
    assert pages.pop("/map/points.json")[1] == "[]"
    assert all("is empty. Run `dbt build`." in text for _, text in pages.values())
    with demo.project.open() as warehouse:
        app = make_app(open_site(warehouse, str(demo.data), False), ["localhost"])
        with TestClient(app, "http://localhost") as visitor:
            uploaded = visitor.post("/picture", files={"picture": b"no picture"})
    assert "is empty. Run `dbt build`." in uploaded.text
    assert FACTORY.adapters == {}  # a warehouse that is closed leaves none for the next project
    with (
        demo.project.open() as warehouse,
        pytest.raises(EmptyCollectionError, match=r"is empty\. Run `dbt build`\."),
    ):
        read_showcases(warehouse)
    argument = json.dumps({"photo_id": photo_id})
    refused = demo.dbt.run("run-operation", "similar_photos", "--args", argument)
    assert refused.exit_code == 1
    assert (
        "is empty, so there is no photo to search from. Run `photo-search load`" in refused.output
    )

    demo.dbt.run("build").check()
    assert "1 photo, found by" in visit(demo, photo_id)["/"][1]
