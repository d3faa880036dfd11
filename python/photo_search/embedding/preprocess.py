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
    """What preprocessor_config.json of a CLIP model says; the defaults are OpenAI's."""

    size: int = 224
    mean: tuple[float, ...] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)


def read_preprocessing(config_file: Path) -> Preprocessing:
    """Raises ModelError if the model wants another preprocessing than CLIP's."""
    config = json.loads(config_file.read_text())
    size = _number(config.get("size"), "shortest_edge")
    crop = _number(config.get("crop_size"), "height")
    if config.get("resample", 3) != Image.Resampling.BICUBIC or not size or size != crop:
        raise ModelError(
            f"{config_file} asks for another preprocessing than CLIP's. Needed: bicubic "
            "(resample 3), and size.shortest_edge equal to crop_size."
        )
    return Preprocessing(size, tuple(config["image_mean"]), tuple(config["image_std"]))


def _number(value: Any, name: str) -> int | None:
    """Old configurations hold a number where newer ones hold a mapping."""
    return value.get(name) if isinstance(value, dict) else value


def to_pixels(image: Image.Image, size: int) -> Pixels:
    """The centre square as uint8 of shape (size, size, 3); brightness is normalised per batch.

    Rounds as `CLIPImageProcessor` does: the longer side down, the crop's corner down.
    """
    width = size if image.width <= image.height else int(size * image.width / image.height)
    height = size if image.height <= image.width else int(size * image.height / image.width)
    left, top = (width - size) // 2, (height - size) // 2
    resized = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized.crop((left, top, left + size, top + size)))
