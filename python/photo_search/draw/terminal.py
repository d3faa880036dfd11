"""An answer on a terminal: a table, and pictures where the terminal can show them."""

import os
from collections.abc import Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from photo_search.ask.photos import SimilarPhoto
from photo_search.ask.question import Answer
from photo_search.draw.kit.environment import seen
from photo_search.errors import PhotoFailure
from photo_search.ingest.thumbnails.decode import decode

PICTURE_ROWS = 5


def as_rows(answer: Answer) -> list[dict[str, Any]]:
    """One plain dict a photo, for JSON: texts as they are, escaped by the writer."""
    return [
        {
            "similarity_rank": similar.similarity_rank,
            "photo_id": similar.photo.photo_id,
            "distance": similar.distance,
            "count_downloads": similar.photo.count_downloads,
            "description": similar.photo.description,
            "photographer_name": similar.photo.photographer_name,
            "photo_url": similar.photo.photo_url,
            "top_keywords": list(similar.photo.top_keywords),
            "is_near_duplicate": similar.is_near_duplicate,
        }
        for similar in answer.similar
    ]


def print_answer(answer: Answer, thumbnails: Mapping[str, bytes], console: Console) -> None:
    """`thumbnails` are by SHA-256. On anything but a terminal no pictures are drawn."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    shows_pictures = console.is_terminal and _terminal_columns() > 0
    if shows_pictures:
        table.add_column()
    for name in ("rank", "distance", "downloads"):
        table.add_column(name, justify="right")
    for name in ("photo", "keywords", "photo id"):
        table.add_column(name, overflow="fold")
    for similar in answer.similar:
        cells = _cells(similar)
        if shows_pictures:
            cells = [_picture(thumbnails.get(similar.photo.thumbnail_sha256)), *cells]
        table.add_row(*cells)
    console.print(table)


def _cells(similar: SimilarPhoto) -> list[RenderableType]:
    photo = similar.photo
    by = f"Photo by {photo.photographer_name or photo.photographer_username or 'unknown'}"
    return [
        str(similar.similarity_rank),
        f"{similar.distance:.4g}",
        f"{photo.count_downloads:,}" + (" *" if similar.is_most_popular else ""),
        Text.assemble(seen(photo.description or ""), "\n", (seen(by), "dim")),
        Text(seen(", ".join(photo.top_keywords))),
        Text(photo.photo_id, "dim"),
    ]


def _terminal_columns() -> int:
    """0 for a terminal that does not know its size, which textual-image cannot stand."""
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 0


def _picture(content: bytes | None) -> RenderableType:
    if content is None:
        return ""
    # Asks the terminal what it can show, so it is imported only when there is one.
    from textual_image.renderable import Image

    try:
        return Image(decode(content), height=PICTURE_ROWS, width="auto")
    except PhotoFailure:
        return ""
