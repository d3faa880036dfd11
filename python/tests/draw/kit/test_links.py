import pytest

from photo_search.draw.kit.links import (
    colour,
    is_on_unsplash,
    page_link,
    photographer_link,
    unsplash_picture,
)

REFERRAL = "?utm_source=photo_search&utm_medium=referral"


def test_a_link_to_unsplash_has_the_referral_that_unsplash_requires():
    page = "https://unsplash.com/photos/-SyUjRlHauQ"
    assert page_link(page) == page + REFERRAL
    assert is_on_unsplash(page)


def test_another_site_is_linked_without_query_and_fragment():
    assert page_link("https://Photos.Museum.org/a/b-1?x=%22#y") == "https://photos.museum.org/a/b-1"
    assert not is_on_unsplash("https://photos.museum.org/a")


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://unsplash.com/",
        "data:text/html,<script>alert(1)</script>",
        "http://unsplash.com/photos/a",
        "//unsplash.com/photos/a",
        "/photos/a",
        "https://",
        "https://unsplash.com@evil.com/photos/a",
        "https://user:word@unsplash.com/photos/a",
        "https://unsplash.com:8443/photos/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://[broken/a",
        "https://unsplash.company%20by%20/a",
        "https://unsplash.com_x/a",
        "https://\u0443nsplash.com/a",
        'https://unsplash.com/"onmouseover="alert(1)',
        "https://unsplash.com/a b",
        "https://unsplash.com/%22",
        "https://unsplash.com/\u202ea",
        "https://photos.example/photos/a",
    ],
)
def test_no_other_address_becomes_a_link(address):
    assert page_link(address) is None
    assert photographer_link(address, "ada") is None


@pytest.mark.parametrize("host", ["unsplash.com.evil.com", "evilunsplash.com", "unsplash.co"])
def test_a_host_that_resembles_unsplash_is_not_unsplash(host):
    assert not is_on_unsplash(f"https://{host}/photos/a")


@pytest.mark.parametrize("username", [None, "", "a/b", "a?b", 'a"b', "..", "a b", "a" * 65])
def test_a_photographer_is_linked_only_with_a_plain_username(username):
    page = "https://unsplash.com/photos/a"
    assert photographer_link(page, "ada_1") == f"https://unsplash.com/@ada_1{REFERRAL}"
    assert photographer_link(page, username) is None


def test_a_picture_comes_only_from_the_server_of_unsplash():
    address = "https://images.unsplash.com/photo-1411949294000-0a1b2c3d4e5f"
    assert unsplash_picture(f"{address}?x=1", 400) == f"{address}?w=400&q=80&fm=jpg&fit=max"
    for other in (None, "https://images.unsplash.com.jpg/a", "http://images.unsplash.com/a"):
        assert unsplash_picture(other, 400) is None


@pytest.mark.parametrize(
    ("blur_hash", "shown"),
    [
        ("LEHV6nWB2yk8pyo0adR*.7kCMdnj", "#979695"),
        ("L~~~~~", None),
        ("LEHV", None),
        ("L\"<>&'", None),
        (None, None),
    ],
)
def test_the_colour_of_a_photo_is_the_mean_colour_of_its_blurhash(blur_hash, shown):
    assert colour(blur_hash) == shown
