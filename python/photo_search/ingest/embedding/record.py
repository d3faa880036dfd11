"""The record of how the vectors in photos.parquet were made, kept in its metadata."""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from photo_search.errors import DatasetError
from photo_search.ingest.embedding.version import DEMO_MODEL, SPEC_KEY, VERSION_KEY
from photo_search.storage import Folder


@dataclass(frozen=True)
class EmbeddingRecord:
    """An embedding version and what `EmbeddingSpec.describe` said of it; None: not on record."""

    version: str
    description: dict[str, Any] | None = None

    @property
    def model(self) -> str | None:
        return str(self.description["model"]) if self.description else None

    @property
    def is_untrained(self) -> bool:
        return self.model == DEMO_MODEL


def read_record(data: str, version: str) -> EmbeddingRecord:
    """The record of `version` in the folder `data`, empty if what lies there is of another one.

    Raises DatasetError if photos.parquet is damaged.
    """
    folder = Folder(data)
    if not folder.exists("photos.parquet"):
        return EmbeddingRecord(version)
    try:
        with folder.open("photos.parquet") as file:
            metadata = pq.read_schema(file).metadata or {}
        if metadata[VERSION_KEY].decode() != version:
            return EmbeddingRecord(version)
        return EmbeddingRecord(version, dict(json.loads(metadata[SPEC_KEY]).items()))
    except KeyError:
        return EmbeddingRecord(version)
    except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
        raise DatasetError(
            f"{data}/photos.parquet cannot be read ({error}). "
            "Run `photo-search embed` to write it again."
        ) from error
