import json
from pathlib import Path

import numpy as np
import pytest
import transformers
from PIL import Image

from photo_search.errors import ModelError
from photo_search.ingest.embedding.preprocess import (
    Preprocessing,
    find_config,
    read_preprocessing,
    to_pixels,
)

# This processor computes with Pillow. Before transformers 5 it was the only one.
PROCESSOR = getattr(transformers, "CLIPImageProcessorPil", transformers.CLIPImageProcessor)


@pytest.mark.parametrize(
    "size",
    [(200, 133), (200, 300), (133, 200), (224, 224), (199, 200), (200, 67), (1001, 333), (17, 300)],
)
def test_pixels_equal_those_of_the_processor_within_a_millionth(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    expected = np.asarray(PROCESSOR()(images=image)["pixel_values"][0])
    rule = Preprocessing()
    scaled = to_pixels(image, rule.size).astype(np.float32) / 255
    found = (scaled - np.array(rule.mean, np.float32)) / np.array(rule.std, np.float32)
    assert np.abs(found.transpose(2, 0, 1) - expected).max() < 1e-6


def test_the_preprocessing_of_a_model_is_read_in_the_old_and_the_new_format(
    tmp_path: Path,
) -> None:
    values = {"image_mean": [0.1, 0.2, 0.3], "image_std": [1.0, 2.0, 3.0], "resample": 3}
    new = {**values, "size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}}
    for config in (new, {**values, "size": 336, "crop_size": 336}):
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
        found = read_preprocessing(tmp_path / "preprocessor_config.json")
        assert found == Preprocessing(336, (0.1, 0.2, 0.3), (1.0, 2.0, 3.0))


def test_the_preprocessing_inside_the_processor_wins_over_the_older_file(
    tmp_path: Path,
) -> None:
    older = tmp_path / "preprocessor_config.json"
    older.write_text(json.dumps({"size": 336, "crop_size": 336}))
    processor = tmp_path / "processor_config.json"
    processor.write_text(json.dumps({"processor_class": "CLIPProcessor"}))
    assert read_preprocessing(find_config(tmp_path)).size == 336
    processor.write_text(json.dumps({"image_processor": {"size": 288, "crop_size": 288}}))
    assert read_preprocessing(find_config(tmp_path)).size == 288


@pytest.mark.parametrize("text", ["", "{", "[1]", "[]", "null", '"image_processor"'])
def test_a_damaged_configuration_is_reported_in_one_message(tmp_path: Path, text: str) -> None:
    (tmp_path / "processor_config.json").write_text(text)
    with pytest.raises(ModelError, match=r"processor_config\.json cannot be read"):
        find_config(tmp_path)


@pytest.mark.parametrize(
    "config",
    [
        {"image_processor": []},
        {"image_processor": "CLIP"},
        {"image_mean": 0.5},
        {"image_mean": [0, 0]},
        {"image_std": ["1", "1", "1"]},
        {"image_std": [1, 1, 0]},
        {"image_std": None},
    ],
)
def test_a_setting_of_a_wrong_type_is_one_message(
    tmp_path: Path, config: dict[str, object]
) -> None:
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"preprocessor_config\.json cannot be read: image_"):
        read_preprocessing(tmp_path / "preprocessor_config.json")


@pytest.mark.parametrize(
    "change",
    [
        {"resample": 2},
        {"crop_size": 200},
        {"size": {}},
        {"size": "224", "crop_size": "224"},
        {"do_normalize": False},
    ],
)
def test_preprocessing_that_is_not_that_of_clip_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    config = {"image_mean": [0] * 3, "image_std": [1] * 3, "size": 224, "crop_size": 224}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(ModelError, match="bicubic"):
        read_preprocessing(tmp_path / "preprocessor_config.json")
