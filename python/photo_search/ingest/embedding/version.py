"""The embedding version: a name for everything that a vector depends on."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from photo_search.ingest.embedding.preprocess import Preprocessing

VERSION_KEY = b"photo_search.embedding_version"  # in the metadata of every file of vectors
SPEC_KEY = b"photo_search.embedding"  # beside it: the description below, as JSON
DEMO_MODEL = "demo"
UNKNOWN = "unknown"  # in the description of imported vectors: their files do not say it


@dataclass(frozen=True)
class EmbeddingSpec:
    """How vectors are made. Two vectors may be compared only if all of this is equal."""

    model: str
    revision: str
    weights_sha256: str
    preprocessing: Preprocessing
    thumbnail: tuple[tuple[str, str], ...]
    precision: str
    backend: str

    def describe(self) -> dict[str, Any]:
        """As plain values, for the metadata of Parquet files."""
        return {**asdict(self), "thumbnail": dict(self.thumbnail)}

    @property
    def version(self) -> str:
        """16 hex digits of a SHA-256 over the description."""
        text = json.dumps(self.describe(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
