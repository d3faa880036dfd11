"""Which model: found by name or folder, its files pinned and checked. Nothing heavy is loaded."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from photo_search.errors import ModelError
from photo_search.ingest.embedding import demo_model
from photo_search.ingest.embedding.preprocess import Preprocessing, find_config, read_preprocessing
from photo_search.ingest.embedding.version import DEMO_MODEL, EmbeddingSpec

DEFAULT_MODEL = "openai/clip-vit-base-patch32"
PINNED_REVISIONS = {DEFAULT_MODEL: "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268"}
# Pickled weights can run code when they are loaded, so only these very files are.
KNOWN_PICKLES = {
    "a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f": DEFAULT_MODEL,
}
SAFE_WEIGHTS, PICKLED_WEIGHTS = "model.safetensors", "pytorch_model.bin"


@dataclass(frozen=True)
class ModelFiles:
    """A model whose weights are known by hash. `folder` is None for the demo model."""

    name: str
    revision: str
    weights_sha256: str
    preprocessing: Preprocessing
    folder: Path | None = None

    @property
    def is_safe(self) -> bool:
        return self.folder is None or (self.folder / SAFE_WEIGHTS).exists()

    def spec(self, thumbnail: Mapping[str, str], precision: str, backend: str) -> EmbeddingSpec:
        """How this model makes vectors of such thumbnails."""
        return EmbeddingSpec(
            model=self.name,
            revision=self.revision,
            weights_sha256=self.weights_sha256,
            preprocessing=self.preprocessing,
            thumbnail=tuple(thumbnail.items()),
            precision=precision,
            backend=backend,
        )


def find_model(name: str = DEFAULT_MODEL, revision: str | None = None) -> ModelFiles:
    """The model `demo`, a folder with a saved CLIP, or a name on the Hugging Face hub.

    A name needs a revision of 40 hex digits (the default model has one), so that the same
    name means the same weights tomorrow. Raises ModelError.
    """
    if name == DEMO_MODEL:
        return ModelFiles(DEMO_MODEL, "1", demo_model.WEIGHTS_SHA256, Preprocessing())
    if Path(name).is_dir():
        return _check_files(name, "", Path(name))
    revision = revision or PINNED_REVISIONS.get(name)
    if not revision or not re.fullmatch("[0-9a-f]{40}", revision):
        raise ModelError(
            f"The model {name} needs a fixed revision: --revision with the 40 hex digits of a "
            f"commit of that repository. Got: {revision}. For a model on disk give its folder."
        )
    return _check_files(name, revision, _download(name, revision))


def _download(name: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    def get(*patterns: str) -> Path:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(patterns)))

    try:
        folder = get("*.json", "merges.txt", SAFE_WEIGHTS)
        return folder if (folder / SAFE_WEIGHTS).exists() else get(PICKLED_WEIGHTS)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ModelError(
            f"The model {name} at revision {revision} is not on this machine, and it could not be "
            f"fetched from the Hugging Face hub: {error}. Without a network, give a folder with "
            "--model, or `--model demo`."
        ) from error


def _check_files(name: str, revision: str, folder: Path) -> ModelFiles:
    weights = folder / SAFE_WEIGHTS
    if not weights.exists() and (folder / PICKLED_WEIGHTS).exists():
        weights = folder / PICKLED_WEIGHTS
    config = find_config(folder)
    for file in (weights, folder / "config.json", config):
        if not file.exists():
            raise ModelError(f"{folder} holds no CLIP model: {file.name} is missing.")
    with weights.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    if weights.name == PICKLED_WEIGHTS and sha256 not in KNOWN_PICKLES:
        raise ModelError(
            f"{weights} is a pickle, which can run code when it is loaded, and its SHA-256 "
            f"{sha256} is not a known one. Save the model as {SAFE_WEIGHTS} and try again."
        )
    return ModelFiles(name, revision, sha256, read_preprocessing(config), folder)
