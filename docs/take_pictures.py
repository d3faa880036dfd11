"""Take the pictures of the README from what `make demo` drew, so that they stay true.

python docs/take_pictures.py            # needs Chromium; see python/tests/get_chromium.py
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
PAGE = DOCS.parent / "data" / "gallery" / "index.html"


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(PAGE.as_uri())
        box = page.locator("section").nth(2).bounding_box()
        assert box
        frame = {
            "x": box["x"] - 24,
            "y": box["y"] + 8,
            "width": box["width"] + 48,
            "height": box["height"],
        }
        page.screenshot(path=DOCS / "gallery.png", full_page=True, clip=frame)
        browser.close()


if __name__ == "__main__":
    main()
