import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from transformers import CLIPModel, CLIPTokenizer

from ingest.embedding.conftest import make_model
from ingest.embedding.test_preprocess import PROCESSOR
from photo_search.errors import ModelError
from photo_search.ingest.embedding.clip import embed_text, load_encoder
from photo_search.ingest.embedding.models import find_model
from photo_search.ingest.embedding.preprocess import to_pixels

Vectors = npt.NDArray[np.float32]


def pictures(count: int) -> list[Image.Image]:
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (count, 9, 12, 3), dtype=np.uint8)
    return [Image.fromarray(some).resize((200, 150)) for some in coarse]


def pixels(images: list[Image.Image]) -> npt.NDArray[np.uint8]:
    return np.stack([to_pixels(image, 224) for image in images])


def cosines(left: Vectors, right: Vectors) -> Vectors:
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / lengths)


@pytest.fixture(scope="module")
def reference(model_folder: Path) -> Vectors:
    """The vectors of 40 pictures from the classes of transformers, one picture at a time."""
    model = CLIPModel.from_pretrained(model_folder).eval()
    vectors = []
    for image in pictures(40):
        with torch.no_grad():
            answer = model.get_image_features(**PROCESSOR()(images=image, return_tensors="pt"))
        features = getattr(answer, "pooler_output", answer)
        vectors.append((features / features.norm(dim=-1, keepdim=True))[0].numpy())
    return np.stack(vectors)


@pytest.mark.parametrize("count", [1, 2, 31, 32])
def test_vectors_equal_those_of_transformers_in_every_batch(
    model_folder: Path, reference: Vectors, count: int
) -> None:
    encode = load_encoder(find_model(str(model_folder)), "float32", "torch")
    found = encode(pixels(pictures(count)))
    assert found.dtype == np.float32
    assert cosines(found, reference[:count]).min() > 0.99999
    assert np.abs(np.linalg.norm(found, axis=1) - 1).max() < 1e-6


def test_a_vector_does_not_depend_on_its_place_in_the_batch() -> None:
    encode = load_encoder(find_model("demo"), "float32", "torch")
    some = pixels(pictures(32))
    alone = np.stack([encode(some[place : place + 1])[0] for place in range(32)])
    assert np.abs(encode(some) - alone).max() < 1e-6
    assert np.abs(encode(some[::-1])[::-1] - alone).max() < 1e-6


def test_the_same_batch_gives_the_same_bits() -> None:
    some = pixels(pictures(20))
    first, second = (load_encoder(find_model("demo"), "float32", "torch") for _ in range(2))
    assert first(some).tobytes() == second(some).tobytes()


def test_bfloat16_stays_close_to_float32(model_folder: Path, reference: Vectors) -> None:
    encode = load_encoder(find_model(str(model_folder)), "bfloat16", "torch")
    assert cosines(encode(pixels(pictures(32))), reference[:32]).min() > 0.999


@pytest.mark.parametrize(("precision", "closeness"), [("float32", 0.99999), ("bfloat16", 0.999)])
def test_openvino_gives_the_same_vectors(
    model_folder: Path, reference: Vectors, precision: str, closeness: float
) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    encode = load_encoder(find_model(str(model_folder)), precision, "openvino")
    assert cosines(encode(pixels(pictures(40))), reference).min() > closeness
    assert cosines(encode(pixels(pictures(3))), reference[:3]).min() > closeness


def test_a_model_of_another_dimension_is_refused(tmp_path: Path) -> None:
    make_model(tmp_path, dimension=256)
    with pytest.raises(ModelError, match=r"256 numbers.*512"):
        load_encoder(find_model(str(tmp_path)), "float32", "torch")


def test_files_that_are_not_a_clip_are_reported_in_one_message(
    model_folder: Path, tmp_path: Path
) -> None:
    for file in model_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"not tensors")
    with pytest.raises(ModelError, match="cannot be loaded as a CLIP model"):
        load_encoder(find_model(str(tmp_path)), "float32", "torch")


@pytest.mark.parametrize("config", ["[]", "null", '{"vision_config": 3}', '{"projection_dim": []}'])
def test_a_broken_configuration_is_one_message(
    model_folder: Path, tmp_path: Path, config: str
) -> None:
    shutil.copytree(model_folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelError, match=f"{tmp_path} cannot be loaded as a CLIP model"):
        load_encoder(find_model(str(tmp_path)), "float32", "torch")


def test_vectors_of_texts_equal_those_of_transformers(model_folder: Path) -> None:
    model = CLIPModel.from_pretrained(model_folder).eval()
    tokens = torch.tensor([[3, 4, 6], [3, 5, 0]])  # "a red photo", "a blue"
    with torch.no_grad():
        answer = model.get_text_features(tokens, attention_mask=(tokens != 0).long())
    expected = getattr(answer, "pooler_output", answer).numpy()
    found = embed_text(find_model(str(model_folder)), ["a red photo", "a blue"])
    assert cosines(found, expected).min() > 0.99999
    assert np.abs(np.linalg.norm(found, axis=1) - 1).max() < 1e-6


def test_the_message_says_when_a_model_cannot_read_texts() -> None:
    with pytest.raises(ModelError, match="demo has no tokenizer"):
        embed_text(find_model("demo"), ["a photo"])


def test_weights_of_the_demo_model_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photo_search.ingest.embedding.demo_model.SEED", 1)
    with pytest.raises(ModelError, match="demo model came out as"):
        load_encoder(find_model("demo"), "float32", "torch")


def test_a_model_saved_in_half_precision_runs_in_the_chosen_precision(
    model_folder: Path, tmp_path: Path, reference: Vectors
) -> None:
    for file in model_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    CLIPModel.from_pretrained(model_folder).half().save_pretrained(tmp_path)
    files = replace(find_model(str(tmp_path)), name="half")
    encode = load_encoder(files, "float32", "torch")
    assert cosines(encode(pixels(pictures(8))), reference[:8]).min() > 0.999


def test_a_model_in_the_current_format_of_transformers_gives_the_same_vectors(
    processor_folder: Path,
) -> None:
    assert not (processor_folder / "preprocessor_config.json").exists()
    files = find_model(str(processor_folder))
    model = CLIPModel.from_pretrained(processor_folder).eval()
    image = pictures(1)[0]
    with torch.no_grad():
        answer = model.get_image_features(**PROCESSOR()(images=image, return_tensors="pt"))
    expected = getattr(answer, "pooler_output", answer).numpy()
    for backend in ("torch", "openvino"):
        encode = load_encoder(files, "float32", backend)
        assert cosines(encode(pixels([image])), expected).min() > 0.99999


@pytest.mark.parametrize("text", ["a red bat", "a photo of a bat " * 40, "", "bat" * 300])
def test_a_text_is_cut_at_the_length_of_the_model_if_the_tokenizer_has_none(
    processor_folder: Path, text: str
) -> None:
    tokenizer = CLIPTokenizer.from_pretrained(processor_folder)
    assert tokenizer.model_max_length > 10**9
    model = CLIPModel.from_pretrained(processor_folder).eval()
    tokens = tokenizer([text], truncation=True, max_length=16, return_tensors="pt")
    assert tokens["input_ids"][0, -1] == tokenizer.eos_token_id
    with torch.no_grad():
        answer = model.get_text_features(**tokens)
    expected = getattr(answer, "pooler_output", answer).numpy()
    found = embed_text(find_model(str(processor_folder)), [text])
    assert cosines(found, expected).min() > 0.99999


def test_a_tokenizer_that_cannot_be_loaded_is_reported_in_one_message(
    processor_folder: Path, tmp_path: Path
) -> None:
    for file in processor_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer in .* cannot be loaded"):
        embed_text(find_model(str(tmp_path)), ["a bat"])
