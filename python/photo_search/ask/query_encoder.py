"""Texts and pictures as vectors that can be compared with those of a table."""

import threading
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

from PIL import Image

from photo_search.errors import EmbeddingVersionError, ModelError
from photo_search.ingest.embedding.encoder import ImageEncoder
from photo_search.ingest.embedding.models import ModelFiles, find_model
from photo_search.ingest.embedding.preprocess import to_pixels
from photo_search.ingest.embedding.record import EmbeddingRecord
from photo_search.ingest.embedding.version import UNKNOWN, EmbeddingSpec

PICTURE_SIDE = 1280  # of a picture to search by: far more than a model or a page needs
RECORDED = {field.name for field in fields(EmbeddingSpec)}


@dataclass
class QueryEncoder:
    """The model that made the vectors of one embedding version. Threads may share it."""

    files: ModelFiles
    record: EmbeddingRecord
    _images: ImageEncoder | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def text(self, text: str) -> list[float]:
        """512 numbers of unit length. Raises ModelError if the model cannot read."""
        if self.record.is_untrained:
            raise ModelError(
                "These photos were embedded with the demo model, which is untrained and cannot "
                "read: it sees colour and texture only. Search by a picture, or embed with a "
                "trained model: `photo-search embed`, then `photo-search load` and `dbt build`."
            )
        from photo_search.ingest.embedding.clip import embed_text  # loads torch

        with self._lock:
            return cast(list[float], embed_text(self.files, [text])[0].tolist())

    def image(self, image: Image.Image) -> list[float]:
        """512 numbers of unit length for a decoded picture, made as small as the photos were."""
        from photo_search.ingest.embedding.clip import load_encoder  # loads torch

        description = self.record.description or {}
        width = int(description["thumbnail"].get("w", image.width))
        if image.width > width:
            image = image.resize((width, max(1, round(image.height * width / image.width))))
        pixels = to_pixels(image, self.files.preprocessing.size)
        with self._lock:
            if self._images is None:
                self._images = load_encoder(
                    self.files, description["precision"], description["backend"]
                )
                self._images.batch_size = 1  # without 31 black pictures to fill a batch
            return cast(list[float], self._images(pixels[None])[0].tolist())


def find_encoder(record: EmbeddingRecord) -> QueryEncoder:
    """The encoder of the recorded version. Weights are loaded when they are first needed.

    Raises EmbeddingVersionError (nothing is on record, or the model found is another one) or
    ModelError (the model cannot be found).
    """
    if record.description is None or RECORDED - record.description.keys():
        raise EmbeddingVersionError(
            f"The model of embedding version {record.version} is not known here. photos.parquet "
            "names it: give the folder that `photo-search embed` wrote with --data."
        )
    known = {name: value for name, value in record.description.items() if value != UNKNOWN}
    files = find_model(known["model"], known.get("revision"))
    found = _spec(files, record.description)
    if found.version != record.version:
        raise EmbeddingVersionError(
            f"The vectors have embedding version {record.version}, but {files.name} as it is "
            f"here makes version {found.version}: other weights or another preprocessing. Get "
            "the model that made the vectors, or run `photo-search embed --re-embed`."
        )
    return QueryEncoder(files, record)


def _spec(files: ModelFiles, description: dict[str, Any]) -> EmbeddingSpec:
    """The version that `files` would make. What the record calls unknown stays unknown."""
    spec = files.spec(*(description[name] for name in ("thumbnail", "precision", "backend")))
    unknown = {name: UNKNOWN for name, value in description.items() if value == UNKNOWN}
    return replace(spec, **unknown)  # type: ignore[arg-type]
