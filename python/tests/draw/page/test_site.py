"""The search page as a visitor sees it, with a real server and a real browser."""

import http.client
import io
import json
import math
import re
import socket
import time
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from browser import watched
from photo_search.ask.clusters import read_map
from photo_search.draw.page.app import MOST_UPLOADS
from photo_search.draw.page.context import PREVIEWS, Site, preview_name
from photo_search.draw.page.controls import Controls
from photo_search.draw.page.draw import address
from photo_search.draw.page.problems import problem_of
from photo_search.draw.page.serve import serve
from photo_search.draw.page.vectors import from_text, to_text
from photo_search.errors import NotBuiltError, QuestionError, ServeError
from photo_search.ingest.thumbnails.store import thumbnail_name
from photo_search.warehouse import Project, Warehouse
from warm_project import REPOSITORY

CAT = "H2YYHXTXg_1"
HOSTILE_PHOTO = "--2IBUMsyn1"


@pytest.fixture
def visit(chromium, site):
    """Open a path of the site with the given browser settings."""
    with watched(chromium, lambda url: url.startswith(site.address)) as open_page:
        yield lambda path="/", **settings: open_page(site / path, **settings)


def answer(site, path="/", method="GET", body=None, **headers):
    """The status, headers and text of a request without a browser."""
    connection = http.client.HTTPConnection(urlsplit(site.address).netloc, timeout=30)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read().decode(errors="replace")
    connection.close()
    return response.status, response.headers, text


FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def form(content):
    lines = [
        b"--b",
        b'Content-Disposition: form-data; name="picture"; filename="../<b>.jpg"',
        b"",
        content,
        b"--b--",
        b"",
    ]
    return b"\r\n".join(lines)


def upload(site, content, **headers):
    return answer(site, "/picture", "POST", form(content), **FORM, **headers)


def jpeg(width=300, height=200, colour="teal"):
    content = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(content, "JPEG")
    return content.getvalue()


def neighbours(page):
    page.wait_for_load_state()  # a link's address is in the bar before its page is
    return [item.get_attribute("data-photo-id") for item in page.locator(".similar > li").all()]


@pytest.mark.parametrize("has_script", [True, False])
def test_a_visitor_goes_from_words_to_photos_to_a_filter_and_back_and_to_the_sql(visit, has_script):
    page = visit(java_script_enabled=has_script)
    page.get_by_role("searchbox").fill("a red photo")
    page.get_by_role("search").get_by_role("button").click()
    page.get_by_role("heading", level=1, name="a red photo", exact=True).wait_for()
    assert len(neighbours(page)) == 12
    first = neighbours(page)[0]
    page.locator(".similar a.frame").first.click()
    page.wait_for_url(f"**/photo/{first}")
    second = neighbours(page)[1]
    page.locator(".similar a.frame").nth(1).click()
    page.wait_for_url(f"**/photo/{second}")
    page.get_by_label("Orientation").select_option("portrait")
    page.get_by_label("Photos", exact=True).select_option("24")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(lambda url: "orientation=portrait" in url)
    ratios = page.eval_on_selector_all(".similar img", "all => all.map(i => i.width / i.height)")
    assert len(ratios) == 24
    assert max(ratios) < 1
    page.get_by_role("link", name="Remove the filter portrait").click()
    page.wait_for_url(lambda url: "top_k=24" in url and "orientation" not in url)
    page.go_back()
    page.go_back()
    page.wait_for_url(f"**/photo/{second}")
    page.get_by_text("The SQL", exact=True).click()
    macro = page.locator("#macro").inner_text()
    assert macro == f'{{{{ photo_conversions(top_k=12, photo_id="{second}") }}}}'
    assert page.locator("#statement").inner_text().startswith("select")


def test_a_photo_page_shows_facts_marks_and_distances_on_one_scale(visit):
    page = visit(f"/photo/{CAT}")
    assert page.locator("dl").inner_text().split("\n")[:2] == ["Submitted", "2018-09-17"]
    assert page.locator(".query .credit").inner_text() == "Photo by Synthetic Egret"
    assert page.locator(".mark", has_text="Most downloaded").count() == 1
    assert page.locator(".mark", has_text="Near-duplicate").count() > 0
    distances = page.eval_on_selector_all(".distance data", "all => all.map(d => Number(d.value))")
    assert distances == sorted(distances)
    assert CAT not in neighbours(page)


def test_an_address_restores_every_setting(visit, site):
    path = f"/photo/{CAT}?top_k=24&country=Norge&camera=&year=&exact=1"
    page = visit(path)
    labels = {"Photos": "24", "Country": "Norge", "Search": "1"}
    for label, value in labels.items():
        assert page.get_by_label(label, exact=True).input_value() == value
    assert "exact=true" in page.locator("#macro").text_content()
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(site / f"/photo/{CAT}?top_k=24&country=Norge&exact=1")


def test_popularity_can_be_blended_in(visit):
    by_similarity = neighbours(visit(f"/photo/{CAT}"))
    page = visit(f"/photo/{CAT}?popularity=75")
    assert page.get_by_label("Ordered by").input_value() == "75"
    assert page.locator("#macro").text_content().startswith("{{ popular_similar_photos(")
    assert neighbours(page) != by_similarity
    assert page.locator(".mark", has_text="Most downloaded").count() == 1


def test_the_page_says_when_no_photo_matches_the_filters(visit):
    page = visit(f"/photo/{CAT}?year=1901")
    assert "Remove one of them" in page.locator("main").inner_text()


def test_a_random_photo_is_one_of_the_collection(visit):
    page = visit()
    page.get_by_role("link", name="Random photo").click()
    page.wait_for_url("**/photo/*")
    assert len(neighbours(page)) == 12


@pytest.mark.parametrize("has_script", [True, False])
def test_an_uploaded_picture_finds_itself_and_its_address_can_be_kept(visit, site, has_script):
    page = visit(java_script_enabled=has_script)
    _, _, text = answer(site, f"/photo/{CAT}")
    sha256 = text.partition("/thumbnail/")[2][:64]
    file = site.data / thumbnail_name(sha256)
    page.get_by_label("Search by a picture").set_input_files(file)
    if not has_script:
        page.locator(".file button").click()
    page.wait_for_url("**/picture?*")
    assert neighbours(page)[0] == CAT
    assert page.locator(".query img").evaluate("image => image.naturalWidth") > 0
    kept = urlsplit(page.url)
    again = visit(f"{kept.path}?{kept.query}&top_k=24")
    assert neighbours(again)[:12] == neighbours(page)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a JPEG"),
        (b"<script>alert(1)</script>", "not a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not a JPEG"),
        (jpeg()[:-200], "cut off"),
        (jpeg(8, 8), "too small"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "cut off"),
    ],
)
def test_a_hostile_file_gets_a_reason_and_advice(site, content, reason):
    status, _, text = upload(site, content)
    assert status == 422
    assert reason in text
    assert "Choose another JPEG" in text


def test_a_decompression_bomb_is_refused_before_it_is_decoded(site):
    content = io.BytesIO()
    Image.new("1", (9000, 9000)).save(content, "PNG")
    assert len(content.getvalue()) < 20_000
    status, _, text = upload(site, content.getvalue())
    assert (status, "more than 50 million pixels" in text) == (422, True)


def test_a_file_over_the_limit_is_refused(site):
    assert upload(site, b"\xff" * (20 * 1024 * 1024 + 1))[0] == 413


def test_a_ninth_upload_is_told_to_wait_until_one_of_eight_has_ended(site):
    assert upload(site, jpeg())[0] == 303  # the model is in memory, so that no upload is slow
    body, half_sent = form(jpeg()), []
    for _ in range(MOST_UPLOADS):
        connection = http.client.HTTPConnection(urlsplit(site.address).netloc, timeout=60)
        connection.putrequest("POST", "/picture")
        for name, value in {**FORM, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body[:100])
        half_sent.append(connection)
    deadline = time.monotonic() + 60
    while (busy := upload(site, jpeg()))[0] == 303:  # the server has not begun with all eight
        assert time.monotonic() < deadline
    status, headers, text = busy
    assert (status, headers["Retry-After"]) == (503, "5")
    assert "Too many pictures at once" in text
    for connection in half_sent:
        connection.send(body[100:])
        assert connection.getresponse().status == 303
        connection.close()
    assert upload(site, jpeg())[0] == 303


def test_another_site_cannot_upload_for_a_visitor(site):
    assert upload(site, jpeg(), Origin="https://evil.example")[0] == 403


def test_a_form_without_a_file_is_a_clear_error(site):
    status, _, text = answer(site, "/picture", "POST", "x=1", **{"Content-Type": "text/plain"})
    assert (status, "Choose a file first" in text) == (400, True)


def test_hostile_text_in_every_field_is_shown_as_text(visit, site):
    page = visit(f"/photo/{HOSTILE_PHOTO}", viewport={"width": 360, "height": 740})
    shown = page.get_by_role("heading", level=1).text_content()
    assert shown.startswith("\"'><script>alert(1)</script>")
    assert not any(act in page.content() for act in ("\u202e", "\u2066", "\x1b"))
    assert page.locator("script").count() == 1
    assert page.locator("a[href^='javascript'], [onerror]").count() == 0
    assert page.locator("dl bdi").count() >= 4
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page = visit(f"/photo/{HOSTILE_PHOTO}?top_k=96")
    assert page.locator(".similar > li").count() == 96


def test_the_words_of_a_search_are_shown_as_text(visit):
    page = visit("/text?q=%3Cscript%3Ealert(1)%3C/script%3E%22'")
    assert page.get_by_role("heading", level=1).text_content() == "<script>alert(1)</script>\"'"
    assert page.get_by_role("searchbox").input_value() == "<script>alert(1)</script>\"'"


@pytest.mark.parametrize(
    ("path", "status", "advice"),
    [
        ("/photo/nobody", 404, "begin with another photo"),
        ("/photo/a'%20or%201=1", 404, "begin with another photo"),
        ("/photo/..%2f..%2fetc%2fpasswd", 404, "Begin with a photo"),
        ("/nothing", 404, "Begin with a photo"),
        ("/thumbnail/..%2f..%2fphotos.jpg", 404, ""),
        (f"/photo/{CAT}?top_k=7", 400, "`top_k` must be one of 12, 24, 48, 96. Got: 7"),
        (f"/photo/{CAT}?year=twenty", 400, "`year` must be four digits"),
        (f"/photo/{CAT}?orientation=up", 400, "landscape, portrait, square"),
        (f"/photo/{CAT}?camera={'x' * 300}", 400, "at most 200 characters"),
        ("/text?q=%20", 400, "Nothing was typed"),
        ("/picture?version=old&vector=AA", 400, "has a vector of embedding version old"),
        ("/map/photos.json?photo=a'", 400, "ids of photos"),
        ("/map/photos.json?photo=a" + "&photo=a" * 100, 400, "at most 100 ids"),
        ("/cluster/999", 404, "Begin with a photo"),
        ("/cluster/70000", 400, "from 0 to 65535"),
        ("/cluster/1?skip=-1", 400, "`skip` must be a whole number"),
    ],
)
def test_the_message_for_a_bad_request_says_what_to_do(site, path, status, advice):
    found, _, text = answer(site, path)
    text = text.replace("&#39;", "'").replace("&#34;", '"')
    assert (found, advice in text) == (status, True), text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    "text",
    ["", "?", "AA", to_text([0.0] * 512), to_text([0.5] * 511), to_text([math.nan] * 512)],
    ids=["nothing", "no letters", "cut off", "zeros", "511 numbers", "nan"],
)
def test_an_address_that_holds_no_vector_is_refused(text):
    with pytest.raises(QuestionError, match="The address is cut off or changed"):
        from_text(text)


def test_the_filter_by_year_holds_from_its_first_to_its_last_microsecond():
    assert Controls.read({"year": "2018"}).filters == {
        "submitted_at": {"min": "2018-01-01 00:00:00", "max": "2018-12-31 23:59:59.999999"}
    }


def test_an_address_has_what_was_searched_for_and_the_settings_that_are_no_defaults():
    controls = Controls.read({"year": "2018", "exact": "1", "popularity": "0", "country": ""})
    assert address("/text", controls, q="a bee") == "/text?q=a+bee&year=2018&exact=1"
    assert address("/text", Controls.read({"exact": "0"})) == "/text"


def test_only_the_last_pictures_of_visitors_are_kept():
    site = Site(None, None, False, 0, None, {})
    for number in range(PREVIEWS + 5):
        site.keep_preview(Image.new("RGB", (16, 16)), f"{number}")
    assert list(site.previews) == [preview_name(f"{n}") for n in range(5, PREVIEWS + 5)]


def test_quotes_in_a_filter_are_part_of_its_value(site):
    status, _, text = answer(site, f"/photo/{CAT}?country=%27%20or%201=1%20--%20%5C")
    assert (status, "No photo matches" in text) == (200, True)


def test_only_requests_that_name_this_machine_are_answered(site):
    assert answer(site, Host="evil.example")[0] == 400
    assert answer(site, Host="127.0.0.1.evil.example")[0] == 400
    assert answer(site, Host="localhost:1")[0] == 200
    host, port = urlsplit(site.address).hostname, urlsplit(site.address).port
    with socket.create_connection((host, port)) as raw:
        raw.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"400 Bad Request" in raw.recv(200)


def test_headers_allow_browsers_no_other_server(site):
    _, headers, text = answer(site)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers
    assert "style=" not in text
    assert "http" not in text.replace("https://unsplash.com", "").partition("<body>")[2]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_a_visitor_cannot_change_anything(site, method):
    assert answer(site, "/", method)[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/",
        f"/photo/{CAT}?country=Norge",
        "/text?q=red",
        f"/map?photo={CAT}",
        "/cluster/0",
        "/quality",
    ],
)
def test_pages_are_accessible_at_every_width_in_both_colour_schemes(visit, path):
    page = visit(path)
    page.evaluate("document.querySelector('details')?.setAttribute('open', '')")
    for width in (320, 360, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()


def test_the_dark_scheme_has_a_dark_background(visit):
    page = visit(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 19, 18)"


def test_the_keyboard_alone_finds_a_photo_and_its_neighbours(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url("**/photo/*")
    while not page.evaluate("document.activeElement.matches('.similar a')"):
        page.keyboard.press("Tab")
    wanted = neighbours(page)[0]
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/photo/{wanted}")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#macro").is_visible()


def test_the_sql_can_be_copied(visit):
    page = visit(f"/photo/{CAT}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("The SQL", exact=True).click()
    page.get_by_role("button", name="Copy the macro").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f'{{{{ photo_conversions(top_k=12, photo_id="{CAT}") }}}}'


def test_the_sql_that_is_shown_runs_and_gives_what_the_page_shows(visit, site):
    page = visit(f"/photo/{CAT}?country=Norge")
    macro = page.locator("#macro").text_content()
    assert json.dumps({"location_country": "Norge"}) in macro
    assert "location_country = 'Norge'" in page.locator("#statement").text_content()


def test_a_second_process_on_the_same_database_names_the_first(site):
    second = site.dbt.photo_search("serve", "--port", "0", "--data", str(site.data))
    assert second.exit_code == 1
    assert "is open in another process (pid" in second.output
    assert "Traceback" not in second.output


def test_the_message_names_a_port_that_is_in_use(site):
    port = urlsplit(site.address).port
    with pytest.raises(ServeError, match=f"port {port}: Address already in use. Choose another"):
        serve(Project(REPOSITORY), str(site.data), port=port)


def test_eight_visitors_at_once_get_their_own_answers(site):
    ids = [CAT, HOSTILE_PHOTO, "33ysL4uEdb-", "XaXRI2XMdVh"] * 10

    def ask(photo_id):
        with urlopen(site / f"/photo/{photo_id}") as response:
            return f"<code>{photo_id}</code>" in response.read().decode()

    with ThreadPoolExecutor(8) as visitors:
        assert all(visitors.map(ask, ids))


def test_a_search_on_the_command_line_prints_only_json(site):
    rows = json.loads(site.commands["words"].check().output)
    assert [row["similarity_rank"] for row in rows] == [1, 2, 3, 4, 5]
    assert sorted(row["distance"] for row in rows) == [row["distance"] for row in rows]


def test_a_search_on_the_command_line_finds_what_the_page_finds(visit, site):
    rows = json.loads(site.commands["words"].check().output)
    page = visit("/text?q=a+red+photo")
    assert [row["photo_id"] for row in rows] == neighbours(page)[:5]


def test_a_search_prints_a_table_of_all_photos_without_pictures_outside_a_terminal(site):
    output = site.commands["table"].check().output
    assert "distance" in output.splitlines()[0]
    assert len([line for line in output.splitlines() if line[:4].strip().isdigit()]) == 10
    assert "\x1b" not in output


def test_a_search_by_picture_on_the_command_line_writes_a_page_in_one_file(chromium, site):
    site.commands["image"].check()
    page = chromium.new_page()
    page.goto((site.folder / "red.html").as_uri())
    assert page.get_by_role("heading", level=1).text_content() == "red.png"
    assert page.locator(".similar img").count() == 10
    assert page.locator("img[src^='data:']").count() == page.locator("img").count()
    page.close()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("bad image", "not_image"),
        ("nothing", "Say what to search for"),
        ("no record", "give the folder that `photo-search embed` wrote with --data"),
        ("bad compare", "cannot be read as an earlier photos.parquet"),
    ],
)
def test_a_command_that_fails_says_why(site, command, message):
    outcome = site.commands[command]
    assert outcome.exit_code == 1
    assert message in outcome.output
    assert "Traceback" not in outcome.output


def test_the_gallery_command_draws_a_page_and_prints_its_path(site):
    out = site.folder / "gallery.html"
    drawn = site.commands["gallery"].check()
    assert drawn.output == f"6 showcase photos, each with its neighbours, in {out}\n"
    assert out.read_text().startswith("<!doctype html>")


def test_the_gallery_says_to_run_dbt_build_when_there_are_no_tables(site):
    drawn = site.commands["no tables"]
    assert drawn.exit_code == 1
    assert "run `photo-search load`, then `dbt build`" in drawn.output
    assert "Traceback" not in drawn.output
    assert not (site.folder / "never.html").exists()


def test_a_comparison_shows_the_largest_change_first(chromium, site):
    assert "% of the neighbours are the same" in site.commands["compare"].check().output
    page = chromium.new_page()
    page.goto((site.folder / "changed.html").as_uri())
    kept = [int(text.split()[0]) for text in page.locator(".kept").all_inner_texts()]
    assert kept == sorted(kept)
    assert kept[0] == 0
    sides = page.locator("section").first.locator(".strip")
    assert [sides.nth(n).locator("li").count() for n in (0, 1)] == [10, 10]
    assert page.locator("section").first.locator(".changed").count() == 20
    page.close()


@pytest.fixture(scope="module")
def places(site):
    """The place of each photo on the map."""
    clusters = json.loads(answer(site, "/map/points.json")[2])
    return {
        photo_id: place
        for cluster in clusters
        for photo_id, *place in zip(cluster["photos"], cluster["x"], cluster["y"], strict=True)
    }


def in_view(page):
    """How many photos the map says are in view, after it stops moving."""
    page.wait_for_timeout(400)
    page.locator("[role=status][aria-busy=false]", has_text="in view").wait_for()
    return int(page.get_by_role("status").inner_text().split()[0])


def middle(page):
    box = page.locator("canvas").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_map_has_a_point_for_every_photo_in_the_colour_of_its_cluster(visit, places):
    page = visit("/map")
    assert len(places) == in_view(page) == 255
    assert (min(x for x, _ in places.values()), max(x for x, _ in places.values())) == (0, 65535)
    content = page.locator("canvas").evaluate("canvas => canvas.toDataURL()").partition(",")[2]
    image = Image.open(io.BytesIO(b64decode(content)))
    drawn = [
        many for many, colour in image.getcolors(1 << 20) if colour[3] and max(colour[:3]) > 99
    ]
    assert len([many for many in drawn if many > 20]) >= page.locator(".legend li").count() == 16


def test_a_click_on_a_point_opens_its_photo_and_back_restores_the_view(visit, places):
    photo_id, (x, y) = next(iter(places.items()))
    page = visit(f"/map#{x},{y},1.000")
    assert in_view(page) < 255
    assert page.locator(".map li").count() == 0
    page.mouse.click(*middle(page))
    page.wait_for_url(f"**/photo/{photo_id}")
    page.go_back()
    assert in_view(page) < 255
    assert page.url.endswith(f"/map#{x},{y},1.000")


def test_the_keyboard_zooms_until_photos_are_shown_and_opens_one(visit, places):
    x, y = places[CAT]
    page = visit(f"/map#{x},{y},1")
    in_view(page)
    page.locator("canvas").focus()
    for _ in range(5):
        page.keyboard.press("+")
        page.wait_for_timeout(300)
    seen = in_view(page)
    assert 0 < page.locator(".map li").count() <= seen <= 100
    assert page.locator(".map img").first.evaluate("i => i.decode().then(() => i.naturalWidth)") > 0
    page.keyboard.press("Tab")
    wanted = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{wanted}")
    page.go_back()
    in_view(page)
    page.locator("canvas").focus()
    page.keyboard.press("0")
    assert in_view(page) == 255
    assert page.locator(".map li").count() == 0


def test_the_map_cannot_be_moved_before_its_points_have_loaded(visit):
    page = visit("/map")
    held = []
    page.route("**/map/points.json", lambda route: held.append(route))
    page.reload()
    page.locator("canvas").focus()
    page.keyboard.press("+")
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, -1500)
    held[0].continue_()
    assert in_view(page) == 255


def test_the_mouse_zooms_and_drags_and_a_drag_is_no_click(visit, places):
    x, y = places[CAT]
    page = visit(f"/map#{x},{y},1", reduced_motion="reduce")
    in_view(page)
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, -1500)
    near = in_view(page)
    assert near < 255
    page.locator(f".map a[href='/photo/{CAT}']").wait_for()
    before = page.url
    page.mouse.down()
    page.mouse.move(middle(page)[0] + 150, middle(page)[1], steps=5)
    page.mouse.up()
    in_view(page)
    assert "/map#" in page.url
    assert page.url != before
    page.get_by_role("button", name="All").click()
    assert in_view(page) == 255


def test_a_photo_page_links_to_its_place_on_the_map(visit):
    page = visit(f"/photo/{CAT}")
    page.get_by_role("link", name="On the map").click()
    assert 0 < in_view(page) < 255
    assert page.locator(".map .marked a").get_attribute("href") == f"/photo/{CAT}"
    box, (x, y) = page.locator(".map .marked a").bounding_box(), middle(page)
    assert box["x"] + box["width"] / 2 == pytest.approx(x, abs=3)
    assert box["y"] + box["height"] / 2 == pytest.approx(y, abs=3)


def test_without_javascript_the_map_is_a_picture_and_its_clusters_link_every_photo(
    visit, site, places
):
    page = visit("/map", java_script_enabled=False)
    size = "i => i.decode().then(() => [i.naturalWidth, i.naturalHeight])"
    assert min(page.locator("img.map").evaluate(size)) > 100
    assert page.locator("canvas").is_hidden()
    found, paths = [], page.eval_on_selector_all(".legend a", "all => all.map(a => a.pathname)")
    for path in paths:
        _, _, text = answer(site, path)
        found += re.findall(r'<a href="/photo/([\w-]+)"><img', text)
        paths += re.findall(r'href="([^"]+)" rel="next"', text)
    assert sorted(found) == sorted(places)
    page.locator(".legend a").first.click()
    page.locator(".wall a:has(img)").first.click()
    page.wait_for_url("**/photo/*")


def test_a_hostile_name_of_a_cluster_is_shown_as_text(visit, site):
    _, _, points = answer(site, "/map/points.json")
    name = next(c["name"] for c in json.loads(points) if HOSTILE_PHOTO in c["photos"])
    assert "<img src=x onerror=alert(1)>" in name
    assert "\u202e" not in name
    page = visit(f"/map?photo={HOSTILE_PHOTO}")
    in_view(page)
    assert page.locator("[onerror]").count() == 0
    assert page.locator(f".map a[href='/photo/{HOSTILE_PHOTO}']").get_attribute("title") == name
    page.locator(".legend a", has_text="onerror").click()
    page.get_by_role("heading", level=1, name="<img src=x onerror=alert(1)>").wait_for()


def test_a_photo_without_a_place_and_a_map_without_a_table_say_what_to_build(site):
    assert "dbt build --select photo_clusters+ photo_map" in answer(site, "/map?photo=nobody")[2]

    class NothingBuilt(Warehouse):
        def relation(self, model):
            return model

        def rows(self, sql):
            assert sql.startswith("exists table photo_")
            return [{"result": 0}]

    with pytest.raises(NotBuiltError, match="Run `dbt build --select \\+photo_clusters") as caught:
        read_map(NothingBuilt(None, None))
    assert problem_of(caught.value).title == "This is not built yet"


def test_the_charts_of_quality_show_the_numbers_of_their_tables(visit):
    page = visit("/quality", java_script_enabled=False)
    page.locator("summary").click()
    builds, *histograms = page.locator("table").all()
    assert builds.locator("tbody tr").count() == 1
    recall = builds.locator("tbody td").nth(3).inner_text()
    assert (
        page.locator("section", has_text="True neighbours").locator(".figure").inner_text()
        == recall
    )
    for chart, table in zip(page.locator("svg:has(rect)").all(), histograms, strict=True):
        counts = [int(text) for text in table.locator("td:last-child").all_inner_texts()]
        heights = chart.locator("rect").evaluate_all(
            "all => all.map(bar => bar.height.baseVal.value)"
        )
        assert sum(counts) == 255
        assert heights == pytest.approx([many / max(counts) for many in counts], abs=1e-4)
    assert page.locator("svg[role=img]:not([aria-label])").count() == 0
