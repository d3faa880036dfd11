"""Rows and thumbnails in, one HTML page out. Nothing here reads a table, a file or the network."""

import math
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from photo_search.embedding.record import EmbeddingRecord
from photo_search.gallery import links
from photo_search.gallery.rows import Showcase

# Control characters and those that reorder the text around them; tab and newline are harmless.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


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


def draw_gallery(
    showcases: Sequence[Showcase],
    thumbnails: Mapping[str, bytes],
    embeddings: Sequence[EmbeddingRecord],
) -> str:
    """The page, complete in itself; `thumbnails` are JPEG by the SHA-256 that photos name.

    A photo without its thumbnail is drawn as an empty frame that says so.
    """
    environment = page_environment()
    distances = [similar.distance for showcase in showcases for similar in showcase.similar]
    return environment.get_template("gallery.html").render(
        showcases=showcases,
        pictures={
            photo.photo_id: _data_uri(thumbnails[photo.thumbnail_sha256])
            for showcase in showcases
            for photo in showcase.photos
            if photo.thumbnail_sha256 in thumbnails
        },
        embeddings=embeddings,
        marks_duplicates=not any(embedding.is_untrained for embedding in embeddings),
        scale=Scale(max(distances, default=0.0)),
        style=_inline(environment, "style.css"),
        script=_inline(environment, "keys.js"),
    )


def page_environment() -> Environment:
    """Jinja as every page needs it: all values escaped, no unseen characters, no silent gaps."""
    environment = Environment(
        loader=PackageLoader("photo_search.gallery"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = "{:,}".format
    environment.globals["links"] = links
    return environment


def _seen(value: Any) -> Any:
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


def _data_uri(content: bytes) -> Markup:
    return Markup("data:image/jpeg;base64,") + b64encode(content).decode()
