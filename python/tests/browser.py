"""The browser in which pages are looked at."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

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
