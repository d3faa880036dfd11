"""The file for embedding-atlas: its rows, and how the tool itself shows them."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser

from browser import FLAGS
from demo import Demo
from warm_project import REPOSITORY

TOOL = REPOSITORY / ".venv-atlas" / "bin" / "embedding-atlas"
ADDRESS = "http://127.0.0.1:5095/"
DRAWS_WITHOUT_GPU = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def atlas(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("atlas") / "atlas.parquet"
    said = demo.dbt.export_atlas("--data", str(demo.data), "--out", str(file)).check().output
    assert said.startswith("255 photos, each with its place, neighbours and picture")
    return file


def show(demo: Demo, sql: str) -> list[dict[str, Any]]:
    shown = demo.dbt.run("--quiet", "show", "--inline", sql, "--limit", "-1", "--output", "json")
    rows: list[dict[str, Any]] = json.loads(shown.check().output)["show"]
    return rows


def test_the_file_has_the_places_and_the_neighbours_of_the_models(atlas: Path, demo: Demo) -> None:
    rows = pq.read_table(atlas).to_pylist()
    ids = [row["photo_id"] for row in rows]
    places = {row["photo_id"]: (row["x"], row["y"]) for row in rows}
    assert places == {
        row["photo_id"]: pytest.approx((row["map_x"], row["map_y"]))
        for row in show(demo, "select photo_id, map_x, map_y from {{ ref('photo_map') }}")
    }
    listed = [
        (row["photo_id"], ids[number])
        for row in sorted(rows, key=lambda row: row["photo_id"])
        for number in row["neighbours"]["ids"]
    ]
    expected = show(
        demo,
        "select query_photo_id, photo_id from {{ ref('photo_neighbours') }}"
        " order by query_photo_id, similarity_rank",
    )
    assert listed == [(row["query_photo_id"], row["photo_id"]) for row in expected]


def test_each_photo_has_its_thumbnail_or_no_picture(
    atlas: Path, demo: Demo, tmp_path: Path
) -> None:
    for row in pq.read_table(atlas).to_pylist():
        assert hashlib.sha256(row["picture"]["bytes"]).hexdigest() == row["thumbnail_sha256"]
    demo.dbt.export_atlas("--data", str(tmp_path), "--out", str(tmp_path / "bare.parquet")).check()
    assert pq.read_table(tmp_path / "bare.parquet")["picture"].null_count == 255


@pytest.mark.skipif(not TOOL.exists(), reason="The tool is not installed. Run `make test-atlas`.")
def test_embedding_atlas_shows_the_map_and_the_pictures(
    atlas: Path, chromium: Browser, tmp_path: Path
) -> None:
    docs = (REPOSITORY / "docs" / "python-models.md").read_text()
    [options] = re.findall(r"^ +embedding-atlas data/atlas\.parquet (.*)$", docs, re.M)
    command = [TOOL, atlas, *options.split(), "--host", "127.0.0.1", "--port", "5095"]
    environment = os.environ | {"HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command, env=environment) as server:
        try:
            wait_for(server)
            look_at(chromium)
        finally:
            server.terminate()


def wait_for(server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        try:
            return urlopen(ADDRESS, timeout=10).close()
        except URLError:
            time.sleep(0.5)
    pytest.fail("embedding-atlas did not start.")


def look_at(chromium: Browser) -> None:
    flags = [flag for flag in FLAGS if flag != "--disable-gpu"]
    browser = chromium.browser_type.launch(
        executable_path=shutil.which("chromium") or chromium.browser_type.executable_path,
        args=[*flags, *DRAWS_WITHOUT_GPU],
    )
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    outside: list[str] = []
    page.on(
        "request",
        lambda request: (
            request.url.startswith((ADDRESS, "data:", "blob:")) or outside.append(request.url)
        ),
    )
    page.goto(ADDRESS)
    page.get_by_text("255 points").first.wait_for(timeout=60_000)
    on_the_map = page.locator("svg image[href^='data:image/jpeg']")
    on_the_map.first.wait_for(timeout=60_000)
    in_the_table = page.locator("img[src^='blob:'], img[src^='data:image']")
    in_the_table.first.wait_for(timeout=60_000)
    assert on_the_map.count() > 10
    assert not outside
    browser.close()
