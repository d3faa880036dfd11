"""The browser that tests open pages in."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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


@contextmanager
def watched(chromium: Browser, is_expected: Callable[[str], bool]) -> Iterator[Callable[..., Page]]:
    """A function that opens an address in a window with the given settings.

    At the end, no page may have logged an error, opened a dialog, or requested an unexpected
    address.
    """
    windows, complaints = [], []

    def open_page(address: str, **settings: Any) -> Page:
        windows.append(chromium.new_context(**settings))
        page = windows[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: is_expected(request.url) or complaints.append(request.url),
        )
        page.goto(address)
        return page

    yield open_page
    for window in windows:
        window.close()
    assert not complaints, complaints
