"""Why a photo has no vector: a closed list of words."""

import re
from enum import StrEnum

from photo_search.errors import PhotoSearchError


class Reason(StrEnum):
    """The reasons in photo_failures.parquet; docs/embedding.md explains each."""

    GONE = "gone"
    DENIED = "denied"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    NETWORK = "network"
    TLS = "tls"
    FORBIDDEN_HOST = "forbidden_host"
    TOO_LARGE = "too_large"
    NOT_IMAGE = "not_image"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    BAD_ID = "bad_id"
    CORRUPT = "corrupt"


PHOTO_ID = "[A-Za-z0-9_-]{1,64}"
PASSING = frozenset({Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.NETWORK, Reason.TLS})
"""Reasons that may be gone tomorrow: these photos are asked for again."""


class PhotoFailure(PhotoSearchError):
    """One photo cannot be used; the run goes on without it."""

    def __init__(self, reason: Reason, detail: str, attempts: int = 0) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        # Shown on terminals and kept in a table: no control characters, no novel.
        self.detail = "".join(c if c.isprintable() else "?" for c in detail[:300])
        self.attempts = attempts


def check_photo_id(photo_id: str) -> None:
    """Raises PhotoFailure bad_id unless the id is 1 to 64 of `A-Z a-z 0-9 _ -`."""
    if not re.fullmatch(PHOTO_ID, photo_id):
        raise PhotoFailure(Reason.BAD_ID, f"{photo_id!r} is not 1 to 64 of A-Z a-z 0-9 _ -")
