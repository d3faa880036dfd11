"""A browser for the page, and what the page is drawn from."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, sync_playwright

from dbt_process import REPOSITORY
from demo import Demo
from photo_search.gallery.rows import Showcase, read_showcases

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = [path for name in NAMES if (path := shutil.which(name))]
        path = found[0] if found else playwright.chromium.executable_path
        if not Path(path).is_file():
            pytest.fail(
                "The page is tested in Chromium, and there is none. Get one with "
                "`apt-get install chromium` or `playwright install chromium`."
            )
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Answers(NamedTuple):
    """What the SQL answers: by the gallery's own statement, and by asking the marts themselves."""

    showcases: Sequence[Showcase]
    similar: Sequence[Mapping[str, Any]]
    downloads: Mapping[str, int]


@pytest.fixture(scope="session")
def answers(demo: Demo) -> Answers:
    demo.dbt.stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        for name, value in demo.dbt.environment.items():
            patch.setenv(name, value)
        with demo.project.open() as warehouse:
            showcases = read_showcases(warehouse)
            similar = warehouse.rows(
                f"select * from {warehouse.relation('showcase_similar_photos')}"
                " order by showcase_order, similarity_rank"
            )
            downloads = warehouse.rows(f"select * from {warehouse.relation('photo_downloads')}")
    return Answers(
        showcases, similar, {row["photo_id"]: row["count_downloads"] for row in downloads}
    )
