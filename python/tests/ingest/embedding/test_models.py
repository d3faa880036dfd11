import hashlib
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from photo_search.errors import ModelError
from photo_search.ingest.embedding import models
from photo_search.ingest.embedding.clip import load_encoder
from photo_search.ingest.embedding.device import choose_precision
from photo_search.ingest.embedding.models import DEFAULT_MODEL, PINNED_REVISIONS, find_model
from photo_search.ingest.embedding.preprocess import Preprocessing
from photo_search.ingest.embedding.version import EmbeddingSpec

SPEC = EmbeddingSpec("m", "r", "w", Preprocessing(), (("w", "200"),), "float32", "torch")


@pytest.mark.parametrize("revision", [None, "main", "3d74acf"])
def test_a_name_without_a_fixed_revision_is_refused(revision: str | None) -> None:
    with pytest.raises(ModelError, match="40 hex digits"):
        find_model("someone/clip", revision)


def test_the_pinned_revision_of_the_default_model_is_requested(
    monkeypatch: pytest.MonkeyPatch, model_folder: Path
) -> None:
    asked = []

    def snapshot_download(name: str, revision: str, allow_patterns: list[str]) -> str:
        asked.append((name, revision))
        return str(model_folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    found = find_model()
    assert asked == [(DEFAULT_MODEL, PINNED_REVISIONS[DEFAULT_MODEL])]
    assert (found.name, found.revision) == asked[0]


def test_a_model_that_cannot_be_fetched_is_reported_in_one_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def snapshot_download(*_: object, **__: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    with pytest.raises(ModelError, match=r"no network.*--model demo"):
        find_model()


def test_the_message_names_the_file_that_a_folder_lacks(tmp_path: Path, model_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.safetensors is missing"):
        find_model(str(tmp_path))
    shutil.copy(model_folder / "model.safetensors", tmp_path)
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        find_model(str(tmp_path))


@pytest.fixture
def pickled(tmp_path: Path, model_folder: Path) -> Path:
    """The model, with its weights as a pickle."""
    shutil.copytree(model_folder, tmp_path / "pickled")
    weights = tmp_path / "pickled" / "model.safetensors"
    torch.save(load_file(weights), tmp_path / "pickled" / "pytorch_model.bin")
    weights.unlink()
    return tmp_path / "pickled"


def test_a_pickle_with_an_unknown_hash_is_never_opened(pickled: Path) -> None:
    (pickled / "pytorch_model.bin").write_bytes(pickle.dumps(object()))
    with pytest.raises(ModelError, match=r"is a pickle.*SHA-256"):
        find_model(str(pickled))


def test_a_pickle_with_a_known_hash_is_loaded(
    pickled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = hashlib.sha256((pickled / "pytorch_model.bin").read_bytes()).hexdigest()
    monkeypatch.setitem(models.KNOWN_PICKLES, sha256, "test")
    files = find_model(str(pickled))
    assert files.weights_sha256 == sha256
    assert load_encoder(files, "float32", "torch").batch_size == 32


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"revision": "s"},
        {"weights_sha256": "x"},
        {"preprocessing": Preprocessing(336)},
        {"thumbnail": (("w", "400"),)},
        {"precision": "bfloat16"},
        {"backend": "openvino"},
    ],
)
def test_whatever_changes_a_vector_changes_its_version(change: dict[str, object]) -> None:
    assert replace(SPEC, **change).version != SPEC.version  # type: ignore[arg-type]


def test_the_version_of_the_same_description_never_changes() -> None:
    assert SPEC.version == "3539e32b8e2d272b"


@pytest.mark.parametrize(("units", "expected"), [({"avx512_bf16"}, "bfloat16"), (set(), "float32")])
def test_auto_is_bfloat16_if_the_processor_supports_it(
    monkeypatch: pytest.MonkeyPatch, model_folder: Path, units: set[str], expected: str
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: dict.fromkeys(units, True))
    monkeypatch.setattr("photo_search.ingest.embedding.device.best_device", lambda: "cpu")
    files = find_model(str(model_folder))
    assert choose_precision("auto", files) == expected
    assert choose_precision("float32", files) == "float32"
    assert choose_precision("auto", find_model("demo")) == "float32"
