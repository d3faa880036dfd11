"""Addresses and colours that a page may use, each built from pieces that were checked."""

import re
from urllib.parse import urlsplit

HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
RESERVED_HOST = re.compile(r".*\.(?:example|invalid|localhost|test)")  # RFC 2606: nothing is there
PATH = re.compile(r"(?:/[A-Za-z0-9._~@-]+)*/?")
USERNAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
UNSPLASH = "https://unsplash.com/"
PICTURES = "https://images.unsplash.com"
BASE_83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
REFERRAL = "?utm_source=photo_search&utm_medium=referral"  # Unsplash asks for it


def page_link(url: str | None) -> str | None:
    """The https:// address of a photo's page without its query; None for all other addresses."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    host = parts.netloc.lower()
    is_fit = parts.scheme == "https" and HOST.fullmatch(host) and PATH.fullmatch(parts.path)
    if not is_fit or RESERVED_HOST.fullmatch(host):
        return None
    link = f"https://{host}{parts.path}"
    return link + REFERRAL if link.startswith(UNSPLASH) else link


def is_on_unsplash(url: str | None) -> bool:
    return (page_link(url) or "").startswith(UNSPLASH)


def photographer_link(url: str | None, username: str | None) -> str | None:
    """The photographer's page if the photo's own page is on Unsplash, else None."""
    if is_on_unsplash(url) and USERNAME.fullmatch(username or ""):
        return f"{UNSPLASH}@{username}{REFERRAL}"
    return None


def unsplash_picture(url: str | None, width: int) -> str | None:
    """The photo itself, `width` pixels wide, if it lies on Unsplash's own server, else None."""
    link = page_link(url) or ""
    if not link.startswith(f"{PICTURES}/"):
        return None
    return f"{link}?w={width}&q=80&fm=jpg&fit=max"


def colour(blur_hash: str | None) -> str | None:
    """The mean colour of a photo as `#rrggbb`: digits 2 to 5 of its BlurHash (blurha.sh)."""
    digits = (blur_hash or "")[2:6]
    if len(digits) < 4 or not set(digits) <= set(BASE_83):
        return None
    number = sum(BASE_83.index(digit) * 83**place for place, digit in enumerate(reversed(digits)))
    return f"#{number:06x}" if number < 1 << 24 else None
