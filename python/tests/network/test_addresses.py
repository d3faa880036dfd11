import pytest

from photo_search.errors import PhotoFailure
from photo_search.network.addresses import check_url, is_public

UNSPLASH = frozenset({"images.unsplash.com"})


@pytest.mark.parametrize(
    "url",
    [
        "https://images.unsplash.company%20by%20x",
        "https://images.unsplash.com.jpg/",
        "https://images.unsplash.com-grass-sun.jpg/",
        "https://images.unsplash.come-home.jpg/",
        "https://images.unsplash.com_thebeach.jpg/",
        "https://images.unsplash.com.evil.example/photo",
        "https://evil.example/images.unsplash.com",
        "https://images.unsplash.com@evil.example/photo",
        "https://evil.example\\@images.unsplash.com/photo",
        "https://images.unsplash.com\t.evil.example/photo",
        "https://images.unsplash.com:8443/photo",
        "http://images.unsplash.com/photo",
        "file:///etc/passwd",
        "https:///photo",
        "https://[::1",
        "notaurl",
        "",
    ],
)
def test_a_url_that_only_resembles_an_allowed_one_is_refused(url: str) -> None:
    with pytest.raises(PhotoFailure, match="forbidden_host"):
        check_url(url, UNSPLASH)


@pytest.mark.parametrize(
    "url",
    [
        "https://images.unsplash.com/photo-1411949294-0a1b?w=200",
        "https://IMAGES.unsplash.com:443/reserve/name.jpg",
    ],
)
def test_an_allowed_host_is_accepted(url: str) -> None:
    assert check_url(url, UNSPLASH) == ("images.unsplash.com", 443)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "100.64.0.1", "169.254.169.254", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::",
    ],
)  # fmt: skip
def test_a_private_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_internet_address_is_public(address: str) -> None:
    assert is_public(address)
