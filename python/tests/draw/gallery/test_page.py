"""The written page in a real browser, compared with what the SQL answers."""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from browser import watched
from photo_search.ask.showcases import read_showcases
from photo_search.draw.gallery.write import write_folder, write_gallery
from photo_search.errors import DatasetError, EmptyCollectionError, OutputError, WarehouseError
from photo_search.ingest.thumbnails.store import thumbnail_name

READ_PAGE = """
() => [...document.querySelectorAll("main > section")].map((section) => ({
    target: section.dataset.photoId,
    downloads: Number(section.querySelector(".query .downloads").value),
    similar: [...section.querySelectorAll(".similar > li")].map((item) => ({
        photo_id: item.dataset.photoId,
        shown_id: item.querySelector(".id code").textContent,
        rank: Number(item.querySelector(".distance > span").lastChild.textContent),
        distance: Number(item.querySelector(".distance data").value),
        shown_distance: Number(item.querySelector(".distance data").textContent),
        bar: item.querySelector(".length").getBoundingClientRect().width
            / item.querySelector(".track").getBoundingClientRect().width,
        downloads: Number(item.querySelector(".downloads").value),
        shown_downloads: item.querySelector(".downloads").textContent,
        keywords: [...item.querySelectorAll(".keywords bdi")].map((keyword) => keyword.textContent),
        is_marked: item.textContent.includes("Most downloaded"),
    })),
}))
"""


@pytest.fixture(scope="session")
def showcases(answers):
    return answers.showcases


@pytest.fixture(scope="session")
def written(demo, showcases, tmp_path_factory):
    out = tmp_path_factory.mktemp("gallery") / "new" / "index.html"
    write_gallery(showcases, str(demo.data), out)
    return out


@pytest.fixture
def visit(chromium, written):
    """Open the page with the given browser settings."""
    address = written.as_uri()
    with watched(chromium, lambda url: url == address or url.startswith("data:")) as open_page:
        yield partial(open_page, address)


@pytest.fixture(scope="session")
def folder(demo, showcases, tmp_path_factory):
    out = tmp_path_factory.mktemp("gallery") / "folder"
    write_gallery(showcases, str(demo.data), out, as_folder=True)
    return out


def test_the_folder_shows_the_same_page_with_thumbnails_as_files(chromium, written, folder):
    page = folder / "index.html"
    expected = (page.as_uri(), (folder / "thumbnails").as_uri(), "data:")
    with watched(chromium, lambda url: url.startswith(expected)) as open_page:
        shown = open_page(page.as_uri())
        assert shown.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
        beside = shown.evaluate(READ_PAGE)
        with watched(chromium, lambda url: True) as open_file:
            assert beside == open_file(written.as_uri()).evaluate(READ_PAGE)
    assert page.stat().st_size < written.stat().st_size / 4


def test_a_folder_is_replaced_as_a_whole_unless_it_has_other_files(tmp_path):
    out = tmp_path / "out"
    write_folder("old", {"aa": b"old"}, out)
    write_folder("new", {"bb": b"new"}, out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (out / "thumbnails").iterdir()] == ["bb.jpg"]
    with pytest.raises(OutputError, match="cannot be written"):
        write_folder("newer", {"no/such": b"new"}, out)
    assert (out / "index.html").read_text() == "new"
    (out / "notes.txt").touch()
    with pytest.raises(OutputError, match="holds other things than a gallery"):
        write_folder("newer", {}, out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_earlier_folder_stays_if_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write_folder("old", {}, out)
    errors = [OSError(28, "No space left on device")]

    def rename(path, target, real=Path.rename):
        if target == out and errors:
            raise errors.pop()
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OutputError, match="No space left on device"):
        write_folder("new", {}, out)
    assert (out / "index.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("has_script", [True, False])
def test_the_page_shows_what_the_sql_answers(visit, answers, has_script):
    rows = answers.similar
    longest = max(row["distance"] for row in rows)
    shown = visit(java_script_enabled=has_script).evaluate(READ_PAGE)
    assert [section["target"] for section in shown] == list(
        dict.fromkeys(row["query_photo_id"] for row in rows)
    )
    assert all(section["downloads"] == answers.downloads[section["target"]] for section in shown)
    items = [item for section in shown for item in section["similar"]]
    for row, item in zip(rows, items, strict=True):
        assert item == {
            "photo_id": row["photo_id"],
            "shown_id": row["photo_id"],
            "rank": row["similarity_rank"],
            "distance": row["distance"],
            "shown_distance": pytest.approx(row["distance"], abs=longest / 1000),
            "bar": pytest.approx(row["distance"] / longest, abs=0.005),
            "downloads": row["count_downloads"],
            "shown_downloads": f"{row['count_downloads']:,}",
            "keywords": list(row["top_keywords"]),
            "is_marked": bool(row["is_most_popular"]),
        }


def test_downloads_and_keywords_of_similar_photos_come_from_the_mart(answers, showcases):
    targets = [showcase.photo.photo_id for showcase in showcases]
    assert answers.asked == [("photo_facts", targets)]


def test_every_thumbnail_is_shown_in_its_own_proportions(showcases, visit):
    page = visit()
    assert page.locator(".missing").count() == 0
    shown = page.evaluate(
        "() => [...document.images].map((image) => [image.naturalWidth, image.naturalHeight,"
        " image.clientWidth / image.clientHeight, getComputedStyle(image).objectFit])"
    )
    photos = [photo for showcase in showcases for photo in showcase.photos]
    assert len(shown) == len(photos) + page.locator("nav img").count()
    for width, height, ratio, fit in shown:
        assert fit == "contain" or ratio == pytest.approx(width / height, rel=0.02)
    sizes = [(width, height) for width, height, *_ in shown[-len(photos) :]]
    assert sizes == [(photo.thumbnail_width, photo.thumbnail_height) for photo in photos]


@pytest.mark.parametrize("width", [320, 360, 1280, 2560])
def test_no_width_needs_sideways_scrolling(visit, width):
    page = visit(viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_page_follows_the_colour_scheme_of_the_browser(visit):
    colours = {
        scheme: visit(color_scheme=scheme)
        .locator("body")
        .evaluate("body => [getComputedStyle(body).backgroundColor, getComputedStyle(body).color]")
        for scheme in ("light", "dark")
    }
    assert colours["light"] == ["rgb(251, 251, 249)", "rgb(27, 27, 25)"]
    assert colours["dark"] == ["rgb(19, 19, 18)", "rgb(236, 236, 231)"]


def test_the_keyboard_reaches_every_showcase_photo_in_order(showcases, visit):
    page = visit()
    for target in (targets := [showcase.photo.photo_id for showcase in showcases]):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.hash") == f"#photo-{target}"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px"
    page.keyboard.press("Enter")
    assert page.locator(":target").get_attribute("data-photo-id") == targets[-1]


def test_arrow_keys_move_between_showcase_photos_and_stop_at_both_ends(showcases, visit):
    page = visit(viewport={"width": 1280, "height": 500})
    ids = [showcase.photo.photo_id for showcase in showcases]
    seen = []
    for key in ["ArrowRight"] * (len(ids) + 1) + ["ArrowLeft"] * (len(ids) + 1):
        page.keyboard.press(key)
        seen.append(page.evaluate("document.activeElement.closest('section').dataset.photoId"))
    assert seen == [*ids, ids[-1], *ids[-2::-1], ids[0], ids[0]]


def test_the_hint_about_keys_is_shown_only_if_they_work(visit):
    assert visit().locator(".hint").is_visible()
    assert visit(java_script_enabled=False).locator(".hint").is_hidden()


def test_headings_and_names_describe_the_page_to_a_screen_reader(visit):
    page = visit()
    tree = page.locator("body").aria_snapshot()
    assert page.locator("h1").count() == 1
    assert page.locator("h2").count() == page.locator("main > section").count()
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert 'navigation "Showcase photos"' in tree
    assert "Distance 0." in tree
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


def test_a_thumbnail_that_is_not_in_the_store_gets_a_frame(showcases, tmp_path):
    target = showcases[0].photo
    store = tmp_path / "data"
    kept = store / thumbnail_name(target.thumbnail_sha256)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"other bytes than its name says")
    write_gallery(showcases, str(store), tmp_path / "page.html")
    assert "data:image" not in (tmp_path / "page.html").read_text()
    assert "does not say which model" in (tmp_path / "page.html").read_text()


def test_the_model_is_named_only_if_its_version_was_drawn(showcases, tmp_path):
    metadata = {
        "photo_search.embedding_version": "another",
        "photo_search.embedding": '{"model": "demo"}',
    }
    schema = pa.schema([("photo_id", pa.string())], metadata=metadata)
    pq.write_table(schema.empty_table(), tmp_path / "photos.parquet")
    write_gallery(showcases, str(tmp_path), tmp_path / "page.html")
    assert "demo model" not in (tmp_path / "page.html").read_text()


def test_the_message_names_a_damaged_parquet_file(showcases, tmp_path):
    (tmp_path / "photos.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(DatasetError, match=r"photos\.parquet cannot be read"):
        write_gallery(showcases, str(tmp_path), tmp_path / "page.html")


def test_a_page_that_cannot_be_moved_into_place_leaves_no_files(showcases, tmp_path):
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OutputError, match="--out"):
        write_gallery(showcases, str(tmp_path), tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize(
    ("is_loaded", "commands"),
    [(True, "`dbt build`"), (False, "`photo-search embed`, `photo-search load` and `dbt build`")],
)
def test_the_error_for_an_empty_collection_says_how_to_fill_it(is_loaded, commands):
    class EmptyWarehouse:
        def relation(self, model):
            return model

        def source(self, table):
            return f"raw.{table}"

        def rows(self, sql):
            if sql.startswith("exists"):
                return [{"result": int(is_loaded)}]
            if "raw" in sql and not is_loaded:
                raise WarehouseError("UNKNOWN_TABLE")
            return [{"1": 1}] if "raw" in sql else []

    with pytest.raises(EmptyCollectionError) as refused:
        read_showcases(EmptyWarehouse())
    assert str(refused.value) == f"The table photos is empty. Run {commands}."
