"""BlurHash of a picture: its rough colours in 28 characters (https://blurha.sh, Wolt, MIT)."""

import math

import numpy as np
from numpy.typing import NDArray

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def blur_hash(rgb: NDArray[np.uint8], columns: int = 4, rows: int = 3) -> str:
    """Encode the height x width x 3 sRGB picture `rgb` with columns x rows cosine components."""
    factors = _components(_to_linear(rgb), columns, rows)
    average, waves = factors[0], factors[1:]
    scale = max(0, min(82, math.floor(np.abs(waves).max() * 166 - 0.5)))
    strongest = (scale + 1) / 166
    words = [_base83(columns - 1 + (rows - 1) * 9, 1), _base83(scale, 1)]
    words.append(_base83(int("".join(f"{_to_srgb(value):02x}" for value in average), 16), 4))
    words.extend(_base83(_quantised(wave / strongest), 2) for wave in waves)
    return "".join(words)


def _components(linear: NDArray[np.float64], columns: int, rows: int) -> NDArray[np.float64]:
    """Return the cosine factors, row by row: (columns * rows) x 3. The first is the average."""
    height, width, _ = linear.shape
    across = np.cos(np.pi * np.outer(np.arange(columns), np.arange(width)) / width)
    down = np.cos(np.pi * np.outer(np.arange(rows), np.arange(height)) / height)
    factors = np.einsum("ry,cx,yxk->rck", down, across, linear) / (height * width)
    flat: NDArray[np.float64] = factors.reshape(-1, 3)
    flat[1:] *= 2
    return flat


def _to_linear(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    value = rgb.astype(np.float64) / 255
    curved: NDArray[np.float64] = ((value + 0.055) / 1.055) ** 2.4
    return np.where(value <= 0.04045, value / 12.92, curved)


def _to_srgb(linear: float) -> int:
    value = max(0.0, min(1.0, linear))
    curved = value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return int(curved * 255 + 0.5)


def _quantised(wave: NDArray[np.float64]) -> int:
    """Return the three factors, each within -1 and 1, as one number in base 19."""
    red, green, blue = (
        max(0, min(18, math.floor(math.copysign(math.sqrt(abs(value)), value) * 9 + 9.5)))
        for value in wave
    )
    return (red * 19 + green) * 19 + blue


def _base83(number: int, length: int) -> str:
    return "".join(DIGITS[number // 83**place % 83] for place in reversed(range(length)))
