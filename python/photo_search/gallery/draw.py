"""Rows and thumbnails in, a page out. Nothing here reads a table, a file or the network."""

import io
import math
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from photo_search.embedding.record import EmbeddingRecord
from photo_search.gallery import links
from photo_search.gallery.compare import Comparison, Mover
from photo_search.gallery.rows import Showcase
from photo_search.search.photos import Photo, SimilarPhoto
from photo_search.thumbnails.decode import decode
from photo_search.thumbnails.failure import PhotoFailure
from photo_search.thumbnails.formats import kind_of, media_type

# Control characters and those that reorder the text around them; tab and newline are harmless.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

SHOWN_SIDE = 480  # pixels; twice the width of a frame, for fine screens
LARGEST_SHOWN = 64 << 10  # bytes; a thumbnail of 200 pixels has about 10 KB


@dataclass(frozen=True)
class Scale:
    """The common scale of all distances on a page: 0 to `longest`."""

    longest: float

    def share(self, distance: float) -> str:
        """The length of a distance's bar in per cent of the full length."""
        return f"{100 * distance / self.longest if self.longest else 0:.2f}%"

    def text(self, distance: float) -> str:
        """A distance with as many decimals as give the longest one four significant digits."""
        magnitude = math.floor(math.log10(self.longest)) if self.longest else 0
        return f"{distance:.{max(0, 3 - magnitude)}f}"


@dataclass(frozen=True)
class Query:
    """What was searched for: words, or the name of a picture and the picture."""

    text: str
    picture: Image.Image | None = None


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
    environment = page_environment()
    return _draw_shareable(
        environment,
        "gallery.html",
        [photo for showcase in showcases for photo in showcase.photos],
        [similar.distance for showcase in showcases for similar in showcase.similar],
        thumbnails,
        embeddings,
        beside,
        showcases=showcases,
        script=_inline(environment, "keys.js"),
    )


def draw_query(
    query: Query,
    similar: Sequence[SimilarPhoto],
    thumbnails: Mapping[str, bytes],
    embedding: EmbeddingRecord,
) -> str:
    """One search and its answer, likewise."""
    return _draw_shareable(
        page_environment(),
        "query.html",
        [photo.photo for photo in similar],
        [photo.distance for photo in similar],
        thumbnails,
        [embedding],
        query=query,
        picture=query.picture and _data_uri(_small_jpeg(query.picture)),
        similar=similar,
    )


def draw_comparison(
    comparison: Comparison,
    movers: Sequence[Mover],
    thumbnails: Mapping[str, bytes],
    embeddings: Sequence[EmbeddingRecord],
    beside: bool = False,
) -> str:
    """Neighbours before and after, likewise."""
    photos = [photo for mover in movers for photo in mover.photos]
    return _draw_shareable(
        page_environment(),
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
    environment: Environment,
    template: str,
    photos: Sequence[Photo],
    distances: Sequence[float],
    thumbnails: Mapping[str, bytes],
    embeddings: Sequence[EmbeddingRecord],
    beside: bool = False,
    **shown: Any,
) -> str:
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
        **shown,
    )


def thumbnail_beside(sha256: str, content: bytes) -> str:
    """The place of a thumbnail in a page's own folder, named as its format is."""
    ending = (kind_of(content) or "JPEG").lower().replace("jpeg", "jpg")
    return f"thumbnails/{sha256}.{ending}"


def page_environment() -> Environment:
    """Jinja as every page needs it: all values escaped, no unseen characters, no silent gaps."""
    environment = Environment(
        loader=PackageLoader("photo_search.gallery"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = "{:,}".format
    environment.filters["percent"] = percent
    environment.globals["links"] = links
    return environment


def percent(share: float | None, decimals: int = 1) -> str:
    return "n/a" if share is None else f"{100 * share:.{decimals}f} %"


def seen(value: Any) -> Any:
    """Text with each character that would act unseen replaced by U+FFFD."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return UNSEEN.sub("\ufffd", value)
    return value


@dataclass(frozen=True)
class Inline:
    """The text of a style or script element and the source by which a CSP allows it."""

    text: Markup
    csp_source: str


def _inline(environment: Environment, name: str) -> Inline:
    text = environment.get_template(name).render()
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return Inline(Markup(text), f"'sha256-{digest}'")


def _small_jpeg(image: Image.Image) -> bytes:
    content = io.BytesIO()
    small = image.copy()
    small.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    small.save(content, "JPEG")
    return content.getvalue()


def fit_for_pages(content: bytes) -> bytes:
    """A thumbnail as pages show it: as it was kept, or a small JPEG in place of a large file.

    A server that does not scale sends whole photos. The store keeps them as they came.
    """
    if len(content) <= LARGEST_SHOWN:
        return content
    try:
        return _small_jpeg(decode(content, SHOWN_SIDE))
    except PhotoFailure:  # by an older version, which was less strict
        return content


def _data_uri(content: bytes) -> Markup:
    kind = media_type(content) or "application/octet-stream"
    return Markup(f"data:{kind};base64,") + b64encode(content).decode()
