"""Addresses that the page may link to, each built anew from parts that were checked."""

import re
from urllib.parse import urlsplit

HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
NOBODYS_HOST = re.compile(r".*\.(?:example|invalid|localhost|test)")  # RFC 2606: nothing is there
PATH = re.compile(r"(?:/[A-Za-z0-9._~@-]+)*/?")
USERNAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
UNSPLASH = "https://unsplash.com/"
REFERRAL = "?utm_source=photo_search&utm_medium=referral"  # Unsplash asks for it


def page_link(url: str | None) -> str | None:
    """The https:// address of a photo's page without its query; None for all other addresses."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    host = parts.netloc.lower()
    is_fit = parts.scheme == "https" and HOST.fullmatch(host) and PATH.fullmatch(parts.path)
    if not is_fit or NOBODYS_HOST.fullmatch(host):
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
