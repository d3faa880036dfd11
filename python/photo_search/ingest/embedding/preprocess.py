"""CLIP's own preprocessing: shorter side to the model's size, bicubic, centre square."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from photo_search.errors import ModelError

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Preprocessing:
    """What a saved CLIP model says of its image processor. The defaults are OpenAI's."""

    size: int = 224
    mean: tuple[float, ...] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)


STEPS = ("do_resize", "do_center_crop", "do_rescale", "do_normalize")


def find_config(folder: Path) -> Path:
    """The file with the settings of the image processor, found as transformers 5 finds it.

    It saves them inside of processor_config.json; preprocessor_config.json is the older place.
    Raises ModelError if processor_config.json is damaged.
    """
    processor = folder / "processor_config.json"
    if processor.exists() and "image_processor" in _read(processor):
        return processor
    return folder / "preprocessor_config.json"


def read_preprocessing(config_file: Path) -> Preprocessing:
    """Raises ModelError if the model wants another preprocessing than CLIP's."""
    config = _read(config_file)
    config = config.get("image_processor", config)
    if not isinstance(config, dict):
        raise _unreadable(config_file, f"image_processor is {config!r}")
    default = Preprocessing()
    size = _number(config.get("size", default.size), "shortest_edge")
    crop = _number(config.get("crop_size", default.size), "height")
    has_all_steps = all(config.get(step, True) for step in STEPS)
    is_bicubic = config.get("resample", 3) == Image.Resampling.BICUBIC
    if not (is_bicubic and has_all_steps and isinstance(size, int) and 0 < size == crop):
        raise ModelError(
            f"{config_file} asks for another preprocessing than CLIP's. Needed: bicubic "
            "(resample 3), size.shortest_edge equal to crop_size, and no step left out."
        )
    mean, std = config.get("image_mean", default.mean), config.get("image_std", default.std)
    for numbers in (mean, std):
        is_list = isinstance(numbers, list | tuple) and len(numbers) == 3
        if not is_list or not all(isinstance(number, int | float) for number in numbers):
            raise _unreadable(config_file, f"image_mean or image_std is {numbers!r}")
    if not all(std):
        raise _unreadable(config_file, f"image_std is {std!r}")
    return Preprocessing(size, tuple(mean), tuple(std))


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(file, str(error)) from error
    if not isinstance(content, dict):
        raise _unreadable(file, "it is no JSON object")
    return content


def _unreadable(file: Path, why: str) -> ModelError:
    return ModelError(f"{file} cannot be read: {why}. Save or download the model again.")


def _number(value: Any, name: str) -> int | None:
    """Old configurations hold a number where newer ones hold a mapping."""
    return value.get(name) if isinstance(value, dict) else value


def to_pixels(image: Image.Image, size: int) -> Pixels:
    """The centre square as uint8 of shape (size, size, 3). Brightness is normalised per batch.

    As in `CLIPImageProcessor`, the longer side and the corner of the crop are rounded down.
    """
    width = size if image.width <= image.height else int(size * image.width / image.height)
    height = size if image.height <= image.width else int(size * image.height / image.width)
    left, top = (width - size) // 2, (height - size) // 2
    resized = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized.crop((left, top, left + size, top + size)))
