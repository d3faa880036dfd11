"""What all requests share: the warehouse, the pictures on disk, the model."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from PIL import Image

from photo_search.ask.photos import Photo, require_photos
from photo_search.ask.query_encoder import QueryEncoder, find_encoder
from photo_search.draw.kit.links import unsplash_picture
from photo_search.draw.kit.thumbnails import small_jpeg
from photo_search.errors import EmptyCollectionError
from photo_search.ingest.embedding.record import EmbeddingRecord, read_record
from photo_search.ingest.thumbnails.store import thumbnail_name
from photo_search.storage import Folder
from photo_search.warehouse import Warehouse

PREVIEWS = 32
PREVIEW_SIDE = 640
LARGE_WIDTH = 1280


@dataclass
class Site:
    """One dbt target. `allows_unsplash`: browsers may fetch photos from Unsplash."""

    warehouse: Warehouse
    data: Folder
    allows_unsplash: bool
    count_photos: int
    record: EmbeddingRecord
    filter_values: dict[str, list[dict[str, Any]]]
    why_empty: str | None = None
    """What fills the target, where it has no photo."""
    previews: "OrderedDict[str, bytes]" = field(default_factory=OrderedDict)

    @cached_property
    def encoder(self) -> QueryEncoder:
        """Raises EmbeddingVersionError or ModelError, at each access until the model is found."""
        return find_encoder(self.record)

    def pictures(self, photos: Iterable[Photo]) -> dict[str, str]:
        """The address of each photo's picture by photo id. Photos without one are left out."""
        found = {photo.photo_id: self._picture(photo) for photo in photos}
        return {photo_id: address for photo_id, address in found.items() if address}

    def large_picture(self, photo: Photo) -> str | None:
        """The photo itself where Unsplash may be asked, else its thumbnail."""
        return self._from_unsplash(photo, LARGE_WIDTH) or self._picture(photo)

    def keep_preview(self, image: Image.Image, key: str) -> None:
        """Keep a visitor's picture, small, among the last few, under `key`."""
        self.previews[preview_name(key)] = small_jpeg(image, PREVIEW_SIDE)
        while len(self.previews) > PREVIEWS:
            self.previews.popitem(last=False)

    def _picture(self, photo: Photo) -> str | None:
        if self.data.exists(thumbnail_name(photo.thumbnail_sha256)):
            return f"/thumbnail/{photo.thumbnail_sha256}.jpg"
        return self._from_unsplash(photo, 400)

    def _from_unsplash(self, photo: Photo, width: int) -> str | None:
        return unsplash_picture(photo.photo_image_url, width) if self.allows_unsplash else None


def preview_name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def open_site(warehouse: Warehouse, data: str, allows_unsplash: bool) -> Site:
    """Raises WarehouseError: the tables are missing. DatasetError: `data` is damaged."""
    [photos] = warehouse.rows(
        "select count() as count_photos, any(embedding_version) as embedding_version"
        f" from {warehouse.relation('photos')}"
    )
    why_empty = None
    try:
        require_photos(warehouse)
    except EmptyCollectionError as error:
        why_empty = str(error)
    values: dict[str, list[dict[str, Any]]] = {}
    for row in warehouse.rows(warehouse.compile("filter_values")):
        values.setdefault(row["filter"], []).append(row)
    return Site(
        warehouse=warehouse,
        data=Folder(data),
        allows_unsplash=allows_unsplash,
        count_photos=photos["count_photos"],
        record=read_record(data, photos["embedding_version"]),
        filter_values=values,
        why_empty=why_empty,
    )
