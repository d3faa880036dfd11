"""Take the pictures of the README from what `make demo` built, so that they stay true.

python docs/take_pictures.py            # needs Chromium. See python/tests/get_chromium.py
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

DOCS = Path(__file__).parent
GALLERY = DOCS.parent / "data" / "gallery" / "index.html"
WINDOW = {"width": 1280, "height": 900}


def main() -> None:
    with sync_playwright() as playwright, search_page() as address:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        take_gallery(browser)
        take_page(browser, f"{address}photo/33ysL4uEdb-?orientation=landscape")
        take_map(browser, f"{address}map")
        browser.close()


@contextmanager
def search_page() -> Iterator[str]:
    """The address of the live page, while it is served."""
    command = [str(Path(sys.executable).with_name("photo-search")), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield server.stdout.readline().split()[5]
        server.terminate()


def take_gallery(browser: Browser) -> None:
    page = browser.new_page(viewport=WINDOW)
    page.goto(GALLERY.as_uri())
    box = page.locator("section").nth(2).bounding_box()
    assert box
    frame = {
        "x": box["x"] - 24,
        "y": box["y"] + 8,
        "width": box["width"] + 48,
        "height": box["height"],
    }
    page.screenshot(path=DOCS / "gallery.png", full_page=True, clip=frame)


def take_page(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={**WINDOW, "height": 1050})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=DOCS / "page.png")


def take_map(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport=WINDOW)
    page.goto(address)
    page.get_by_role("status").filter(has_text="in view").wait_for()
    page.locator("div.map").screenshot(path=DOCS / "map.png")


if __name__ == "__main__":
    main()
