"""How rows are drawn. A real browser checks what depends on it."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from photo_search.ask.photos import Photo, SimilarPhoto
from photo_search.ask.showcases import Showcase
from photo_search.draw.gallery.draw import draw_gallery, thumbnail_beside
from photo_search.draw.kit.scale import Scale
from photo_search.draw.kit.thumbnails import fit_for_pages
from photo_search.ingest.embedding.record import EmbeddingRecord

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></style></script><iframe src=https://evil.com></iframe>",
    "{{ 7 * 7 }} {% raw %} ${7} &lt;b&gt; <!-- --> ]]>",
    "o'brien's \"quote\" \\ back",
    "W" * 400,
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \U0001f468\u200d\U0001f469",
]
PHOTO = Photo(
    photo_id="-a",
    photo_url="https://unsplash.com/photos/-a",
    photo_description="A red bee",
    ai_description=None,
    photographer_username="ada",
    photographer_name="Ada L.",
    location_name=None,
    location_city="Bern",
    location_country="Switzerland",
    thumbnail_sha256="00",
    thumbnail_width=200,
    thumbnail_height=100,
    embedding_version="v1",
    count_downloads=1234,
    top_keywords=["bee"],
)
TEXTS = [name for name, type_ in Photo.__annotations__.items() if type_ == str | None]
DEMO = EmbeddingRecord("v1", {"model": "demo"})
TRAINED = EmbeddingRecord("v1", {"model": "openai/clip"})


def gallery(*photos, distances=(0.1, 0.2, 0.4), thumbnails=None, embedding=None):
    similar = [
        SimilarPhoto(photo, rank, distance, rank == 1, distance < 0.15)
        for rank, (photo, distance) in enumerate(zip(photos[1:], distances, strict=False), 1)
    ]
    showcase = Showcase(photos[0], similar)
    return draw_gallery([showcase], thumbnails or {}, [embedding or DEMO])


def hostile(photo_id, text):
    """A photo with that text in every field that people can write."""
    address = f"javascript:alert(`{text}`)"
    texts = dict.fromkeys(TEXTS, text) | {"photo_url": address, "photo_image_url": address}
    return Photo(photo_id, "aa", 200, 100, text, **texts, count_downloads=5, top_keywords=[text])


def picture():
    content = io.BytesIO()
    Image.new("RGB", (200, 100), "teal").save(content, "JPEG")
    return content.getvalue()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 360, "height": 700})
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (page.complaints.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: page.complaints.append(request.url))
    page.on("framenavigated", lambda frame: page.complaints.append(frame.url))
    yield page
    context.close()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(page, text):
    target, first, second = (hostile(f"--{letter}", text) for letter in "abc")
    first = replace(first, thumbnail_sha256="00")
    page.set_content(gallery(target, first, second, thumbnails={"00": picture()}))
    page.mouse.move(100, 300)
    assert page.complaints == []
    assert page.locator("h2").text_content() == text
    assert page.locator(".keywords bdi").all_text_contents() == [text, text]
    assert page.locator(".similar img").get_attribute("alt") == text
    assert page.locator(".similar title").text_content() == f"{text} (thumbnail missing)"
    assert page.locator("script, iframe, object, [onload], [onerror], [onmouseover]").count() == 1
    assert page.locator("main a").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_invisible_control_characters_are_made_visible():
    html = gallery(replace(PHOTO, photo_description="a\x00b\x1b[31mc\x85d\u202ee\u2066f\ud800g"))
    assert "<bdi>a\ufffdb\ufffd[31mc\ufffdd\ufffde\ufffdf\ufffdg</bdi>" in html
    html.encode()


def test_a_link_to_an_id_that_starts_with_hyphens_works(page):
    page.set_content(gallery(replace(PHOTO, photo_id="--2IBUMom1I"), PHOTO))
    page.locator("nav a").click()
    assert page.locator(":target").get_attribute("data-photo-id") == "--2IBUMom1I"


def test_a_whole_picture_is_shown_in_its_own_proportions(page):
    page.set_content(gallery(PHOTO, PHOTO, thumbnails={"00": picture()}))
    for image in page.locator("img").all():
        assert image.evaluate("image => image.naturalWidth") == 200
        box = image.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(2, rel=0.02)
        assert image.get_attribute("alt") == "A red bee"


def test_a_missing_thumbnail_is_a_frame_that_says_so():
    html = gallery(PHOTO, replace(PHOTO, thumbnail_sha256="../../etc/passwd"))
    assert html.count("Thumbnail missing") == 3
    assert "passwd" not in html


def test_a_link_names_unsplash_only_if_it_leads_there(page):
    elsewhere = replace(PHOTO, photo_url="https://unsplash.com.evil.com/a")
    page.set_content(gallery(PHOTO, elsewhere, replace(PHOTO, photo_url=None)))
    credits = [" ".join(text.split()) for text in page.locator(".credit").all_text_contents()]
    assert credits == ["Photo by Ada L. on Unsplash", "Photo by Ada L.", "Photo by Ada L."]
    links = page.locator("main a").all()
    assert [link.get_attribute("href").partition("?")[0] for link in links] == [
        "https://unsplash.com/@ada",
        "https://unsplash.com/photos/-a",
        "https://unsplash.com.evil.com/a",
    ]
    assert {link.get_attribute("rel") for link in links} == {"noopener noreferrer nofollow"}


def test_unknown_facts_leave_no_gap(page):
    unknown = Photo("a", "00", 200, 100, "v1", count_downloads=1)
    page.set_content(gallery(unknown, replace(PHOTO, photographer_name=None)))
    assert page.locator("h2").text_content() == "Photo without a description"
    assert page.locator(".facts").inner_text().split("\n") == ["1 download", "Photo id a"]
    credits = [" ".join(text.split()) for text in page.locator(".credit").all_text_contents()]
    assert credits == ["Photo by an unknown photographer", "Photo by ada on Unsplash"]


@pytest.mark.parametrize(
    ("embedding", "sentence"),
    [
        (DEMO, "untrained demo model. It sees colour and texture, and no"),
        (TRAINED, "come from the model <bdi>openai/clip</bdi>."),
        (EmbeddingRecord("v1"), "does not say which model made the vectors"),
    ],
)
def test_the_footer_names_the_model(embedding, sentence):
    html = gallery(PHOTO, embedding=embedding)
    assert sentence in html
    assert html.count("untrained") == (embedding.model == "demo")


def test_near_duplicates_are_marked_but_not_for_the_demo_model(page):
    page.set_content(gallery(PHOTO, PHOTO, PHOTO, embedding=TRAINED))
    assert page.locator(".mark").all_text_contents() == ["Most downloaded", "Near-duplicate"]
    page.set_content(gallery(PHOTO, PHOTO, PHOTO))
    assert page.locator(".mark").all_text_contents() == ["Most downloaded"]


def test_all_distances_have_the_same_scale_and_number_of_decimals():
    scale = Scale(0.0126)
    assert [scale.text(d) for d in (0.0126, 0.001338)] == ["0.01260", "0.00134"]
    assert [scale.share(d) for d in (0.0126, 0.0063, 0.0)] == ["100.00%", "50.00%", "0.00%"]
    assert (Scale(1.5).text(1.5), Scale(0.0).text(0.0)) == ("1.500", "0.000")
    assert Scale(0.0).share(0.0) == "0.00%"


@pytest.mark.parametrize(
    ("kind", "ending", "media_type"),
    [
        ("JPEG", "jpg", "image/jpeg"),
        ("PNG", "png", "image/png"),
        ("WEBP", "webp", "image/webp"),
        ("GIF", "gif", "image/gif"),
    ],
)
def test_a_thumbnail_gets_the_extension_of_its_format(kind, ending, media_type):
    content = io.BytesIO()
    Image.new("RGB", (200, 100), "teal").save(content, kind)
    assert thumbnail_beside("00", content.getvalue()) == f"thumbnails/00.{ending}"
    html = gallery(PHOTO, PHOTO, thumbnails={"00": content.getvalue()})
    assert f"data:{media_type};base64," in html


def test_a_large_thumbnail_is_reduced_and_a_small_one_unchanged():
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(noise).save(content, "JPEG")
    small = fit_for_pages(content.getvalue())
    assert Image.open(io.BytesIO(small)).size == (480, 360)
    assert len(small) < len(content.getvalue()) / 5
    assert fit_for_pages(picture()) == picture()
