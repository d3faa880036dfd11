"""The map of 25,000 photos: the photos that `make demo` built, in a copy of the database, 98 times.

python benchmarks/map.py        # needs Chromium. See python/tests/get_chromium.py
"""

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from page import serving
from playwright.sync_api import Page, sync_playwright

from photo_search.warehouse import Project

COPIES = 97  # beside the photos themselves
PARTS = 10  # photos of each cluster
WINDOW = {"width": 1280, "height": 900}

# The first names of clusters are drawn when all points are.
NOTE_FIRST_DRAWING = """
const { fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.fillText = function (...given) {
    window.drawnAfter ??= performance.now();
    return fillText.apply(this, given);
};
"""
ZOOM_IN_AND_OUT = """
async () => {
    const canvas = document.querySelector("canvas"), frames = [];
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const middle = { clientX: left + width / 2, clientY: top + height / 2 };
    for (let n = 0; n < 120; n++) {
        const turned = { deltaY: n < 60 ? -40 : 40, bubbles: true, cancelable: true };
        canvas.dispatchEvent(new WheelEvent("wheel", { ...middle, ...turned }));
        frames.push(await new Promise(requestAnimationFrame));
    }
    return frames.slice(1).map((frame, n) => frame - frames[n]);
}
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "chdb"
        shutil.copytree("data/chdb", database, symlinks=True)
        os.environ["PHOTO_SEARCH_CHDB_PATH"] = str(database)
        multiply_photos()
        with serving() as (address, _):
            measure_server(address)
            measure_browser(address)


def multiply_photos() -> None:
    """Copy each photo many times around its place, and split each cluster into ten."""
    copy = "concat(photo_id, '-', toString(number)) as photo_id"
    with Project(Path()).open() as warehouse:
        copies = f"cross join numbers(1, {COPIES}) as copies"
        photos, clusters, names, places = (
            warehouse.relation(model)
            for model in ("photos", "photo_clusters", "photo_cluster_names", "photo_map")
        )
        part = f"toUInt16({PARTS} * cluster_id + number % {PARTS} + 100) as cluster_id"
        for statement in (
            f"insert into {photos} select * except (number) replace ({copy})"
            f" from {photos} {copies}",
            f"insert into {places} select {copy}, map_x + randNormal(0, 0.03),"
            f" map_y + randNormal(0, 0.03) from {places} {copies}",
            f"insert into {clusters} select {copy}, {part}, center_distance"
            f" from {clusters} {copies}",
            f"insert into {names} select cluster_id, concat('made up ', toString(cluster_id)),"
            f" count() from {clusters} where cluster_id >= 100 group by cluster_id",
        ):
            warehouse.client.command(statement)


def measure_server(address: str) -> None:
    for path in ("map", "map/points.json", "map.svg"):
        took = []
        for _ in range(5):
            started = time.perf_counter()
            with urlopen(f"{address}{path}") as response:
                size = len(response.read())
            took.append(1000 * (time.perf_counter() - started))
        print(f"/{path:<16}{size / 1000:>8,.0f} kB, {statistics.median(took):.0f} ms")


def measure_browser(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=WINDOW)
        page.add_init_script(NOTE_FIRST_DRAWING)
        drawn = statistics.median(first_drawing(page, address) for _ in range(5))
        print(f"drawn           {drawn:.0f} ms after the address was entered (median of 5)")
        print(f"                {page.get_by_role('status').inner_text()}")
        frames = statistics.quantiles(page.evaluate(ZOOM_IN_AND_OUT), n=100)
        print(f"frames          {frames[49]:.0f} ms (median), {frames[94]:.0f} ms (95 %), no GPU")
        browser.close()


def first_drawing(page: Page, address: str) -> float:
    """Milliseconds from the navigation to the first drawing."""
    page.goto("about:blank")
    page.goto(f"{address}map")
    page.get_by_role("status").filter(has_text="in view").wait_for()
    drawn: float = page.evaluate("window.drawnAfter")
    return drawn


if __name__ == "__main__":
    main()
