"""Errors as a visitor reads them: what went wrong and what to do now."""

import logging
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException

from photo_search.errors import (
    EmbeddingVersionError,
    EmptyCollectionError,
    MissingPhotoError,
    ModelError,
    NotBuiltError,
    PhotoFailure,
    QuestionError,
    Reason,
    WarehouseError,
)

ABOUT_FILES = {
    Reason.NOT_IMAGE: "It is not a JPEG, PNG, WebP or GIF file.",
    Reason.TRUNCATED: "It is cut off. The end of the file is missing.",
    Reason.TOO_MANY_PIXELS: "It has more than 50 million pixels.",
    Reason.TOO_SMALL: "It is too small or too long. Each side must have at least 16 pixels, and be "
    "at most 20 times the other.",
    Reason.CORRUPT: "It is damaged and cannot be decoded.",
}
TITLES: dict[type[Exception], tuple[HTTPStatus, str, str]] = {
    MissingPhotoError: (
        HTTPStatus.NOT_FOUND,
        "There is no such photo",
        "Check the id, or begin with another photo.",
    ),
    QuestionError: (
        HTTPStatus.BAD_REQUEST,
        "This request is not valid",
        "Go back and change it, or start again.",
    ),
    PhotoFailure: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This picture cannot be used",
        "Choose another JPEG, PNG, WebP or GIF file of up to 20 MB.",
    ),
    ModelError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The model is not available",
        "You can still search from photo to photo.",
    ),
    EmbeddingVersionError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The model is not the one that made the vectors",
        "You can still search from photo to photo.",
    ),
    EmptyCollectionError: (
        HTTPStatus.OK,
        "There are no photos yet",
        "Stop this page first, because chDB serves one process at a time. Then start it again.",
    ),
    NotBuiltError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "This is not built yet",
        "When that is done, load this page again.",
    ),
    WarehouseError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database does not answer",
        "When the database answers, load this page again.",
    ),
}
ABOUT_REQUESTS = {
    HTTPStatus.NOT_FOUND: ("There is no such page", "Begin with a photo, or search."),
    HTTPStatus.BAD_REQUEST: ("This request has no picture", "Choose a file first."),
    HTTPStatus.FORBIDDEN: ("This request came from another site", "Search from this page itself."),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "Too many pictures at once",
        "Wait a few seconds, then choose it again.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "This file is too large",
        "Choose one of up to 20 MB, or make it smaller.",
    ),
}


@dataclass(frozen=True)
class Problem:
    """What the page about an error says."""

    status: int
    title: str
    message: str
    advice: str


def problem_of(error: Exception) -> Problem:
    """What a visitor reads about `error`. An unexpected one is logged with its traceback."""
    if isinstance(error, HTTPException):
        unknown = (HTTPStatus(error.status_code).phrase, "Start again.")
        title, advice = ABOUT_REQUESTS.get(HTTPStatus(error.status_code), unknown)
        return Problem(error.status_code, title, "", advice)
    for kind, (status, title, advice) in TITLES.items():
        if isinstance(error, kind):
            message = ABOUT_FILES[error.reason] if isinstance(error, PhotoFailure) else str(error)
            return Problem(status, title, message, advice)
    logging.getLogger(__name__).error("A page failed", exc_info=error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "This page failed",
        "The terminal in which photo-search runs says why.",
        "Go back, or start again.",
    )
