"""Rows and thumbnails in, a page out. Nothing here reads a table, a file or the network."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from photo_search.ask.comparison import Comparison, Mover
from photo_search.ask.photos import Photo, SimilarPhoto
from photo_search.ask.search import Query
from photo_search.ask.showcases import Showcase
from photo_search.draw.kit.environment import page_environment
from photo_search.draw.kit.scale import Scale
from photo_search.draw.kit.thumbnails import small_jpeg
from photo_search.ingest.embedding.record import EmbeddingRecord
from photo_search.ingest.thumbnails.formats import kind_of, media_type


def draw_gallery(
    showcases: Sequence[Showcase],
    thumbnails: Mapping[str, bytes],
    embeddings: Sequence[EmbeddingRecord],
    beside: bool = False,
) -> str:
    """The showcases, complete in themselves; `thumbnails` are pictures by the SHA-256 of photos.

    `beside`: the page looks for them as `thumbnail_beside` names them in its own folder. A photo
    without its thumbnail is drawn as an empty frame that says so.
    """
    return _draw_shareable(
        "gallery.html",
        [photo for showcase in showcases for photo in showcase.photos],
        [similar.distance for showcase in showcases for similar in showcase.similar],
        thumbnails,
        embeddings,
        beside,
        showcases=showcases,
        script="keys.js",
    )


def draw_query(
    query: Query,
    similar: Sequence[SimilarPhoto],
    thumbnails: Mapping[str, bytes],
    embedding: EmbeddingRecord,
) -> str:
    """One search and its answer, as draw_gallery() draws showcases."""
    return _draw_shareable(
        "query.html",
        [photo.photo for photo in similar],
        [photo.distance for photo in similar],
        thumbnails,
        [embedding],
        query=query,
        picture=query.picture and _data_uri(small_jpeg(query.picture)),
        similar=similar,
    )


def draw_comparison(
    comparison: Comparison,
    movers: Sequence[Mover],
    thumbnails: Mapping[str, bytes],
    embeddings: Sequence[EmbeddingRecord],
    beside: bool = False,
) -> str:
    """Neighbours before and after, as draw_gallery() draws showcases."""
    photos = [photo for mover in movers for photo in mover.photos]
    return _draw_shareable(
        "compare.html",
        photos,
        [],
        thumbnails,
        embeddings,
        beside,
        comparison=comparison,
        movers=movers,
    )


def _draw_shareable(
    template: str,
    photos: Sequence[Photo],
    distances: Sequence[float],
    thumbnails: Mapping[str, bytes],
    embeddings: Sequence[EmbeddingRecord],
    beside: bool = False,
    script: str | None = None,
    **shown: Any,
) -> str:
    environment = page_environment("photo_search.draw.gallery")
    addresses = {
        sha256: thumbnail_beside(sha256, content) if beside else _data_uri(content)
        for sha256, content in thumbnails.items()
    }
    return environment.get_template(template).render(
        pictures={
            photo.photo_id: addresses[photo.thumbnail_sha256]
            for photo in photos
            if photo.thumbnail_sha256 in addresses
        },
        picture_source="data: 'self' file:" if beside else "data:",
        embeddings=embeddings,
        marks_duplicates=not any(embedding.is_untrained for embedding in embeddings),
        scale=Scale(max(distances, default=0.0)),
        style=_inline(environment, "style.css"),
        script=script and _inline(environment, script),
        **shown,
    )


def thumbnail_beside(sha256: str, content: bytes) -> str:
    """The place of a thumbnail in a page's own folder, named as its format is."""
    ending = (kind_of(content) or "JPEG").lower().replace("jpeg", "jpg")
    return f"thumbnails/{sha256}.{ending}"


@dataclass(frozen=True)
class Inline:
    """The text of a style or script element and the source by which a CSP allows it."""

    text: Markup
    csp_source: str


def _inline(environment: Environment, name: str) -> Inline:
    text = environment.get_template(name).render()
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return Inline(Markup(text), f"'sha256-{digest}'")


def _data_uri(content: bytes) -> Markup:
    kind = media_type(content) or "application/octet-stream"
    return Markup(f"data:{kind};base64,") + b64encode(content).decode()
