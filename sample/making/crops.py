"""Photographs of the scikit-image wheel → crops as thumbnails."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

THUMBNAIL_WIDTH = 200
ASPECT_RATIOS = {3 / 2: 6, 2 / 3: 2, 1.0: 3}  # width / height, and how often
MOST_OVERLAP = 0.7

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the photograph; right and bottom are outside."""


@dataclass(frozen=True)
class Subject:
    """A thing in a photograph and the words that belong to it."""

    box: Box
    phrase: str
    keywords: list[str]


@dataclass(frozen=True)
class Picture:
    """One photograph, and what pictures.toml says about it."""

    file: str
    crops: int
    narrowest: int
    appeal: float
    peak_month: int
    phrase: str
    keywords: list[str]
    places: list[tuple[str, str, float, float]]
    landmark: tuple[str, float, float] | None
    uncut: list[Box]
    subjects: list[Subject]

    @classmethod
    def from_toml(cls, entry: dict[str, Any]) -> "Picture":
        """Read one [[picture]] of pictures.toml."""
        subjects = [Subject(**subject) for subject in entry.get("subject", [])]
        optional = {"landmark": None, "uncut": [], "subjects": subjects}
        return cls(**optional | {key: entry[key] for key in entry if key != "subject"})


@dataclass(frozen=True)
class Crop:
    """A crop of a photograph, and its thumbnail."""

    picture: Picture
    box: Box
    thumbnail: Image.Image

    @property
    def subjects(self) -> list[Subject]:
        """The subjects that are completely within the crop."""
        return [subject for subject in self.picture.subjects if holds(self.box, subject.box)]


def cut(picture: Picture, seed: str) -> list[Crop]:
    """Return `picture.crops` crops. No two are nearly alike, and each has a complete subject."""
    image = Image.open(_photographs() / picture.file)
    rng = Random(f"{seed} {picture.file}")
    crops: list[Crop] = []
    while len(crops) < picture.crops:
        box = _random_box(picture, image.size, rng)
        if box and all(_overlap(box, other.box) < MOST_OVERLAP for other in crops):
            crops.append(Crop(picture, box, _thumbnail(image.crop(box))))
    return crops


def holds(outer: Box, inner: Box) -> bool:
    """Say whether `inner` is completely within `outer`."""
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and outer[2] >= inner[2]
        and outer[3] >= inner[3]
    )


def _photographs() -> Path:
    package = find_spec("skimage")
    if package is None or package.origin is None:
        raise SystemExit("The photographs are in scikit-image: pip install scikit-image==0.26.0")
    return Path(package.origin).parent / "data"


def _random_box(picture: Picture, size: tuple[int, int], rng: Random) -> Box | None:
    """Draw a box around one of the subjects, or anywhere. None if the box does not fit."""
    anywhere = (*size, 0, 0)
    left, top, right, bottom = rng.choice([s.box for s in picture.subjects] or [anywhere])
    aspect = rng.choices(list(ASPECT_RATIOS), list(ASPECT_RATIOS.values()))[0]
    narrowest = max(picture.narrowest, right - left, (bottom - top) * aspect)
    widest = min(size[0], size[1] * aspect)
    if narrowest > widest:
        return None
    width = round(narrowest * (widest / narrowest) ** rng.random())
    height = round(width / aspect)
    x = _draw(max(0, right - width), min(left, size[0] - width), rng)
    y = _draw(max(0, bottom - height), min(top, size[1] - height), rng)
    if x is None or y is None:
        return None
    box = (x, y, x + width, y + height)
    fits = all(holds(box, part) or not _shared(box, part) for part in picture.uncut)
    return box if fits else None


def _draw(low: int, high: int, rng: Random) -> int | None:
    return rng.randint(low, high) if low <= high else None


def _shared(one: Box, other: Box) -> int:
    """Return the area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, width) * max(0, height)


def _overlap(one: Box, other: Box) -> float:
    """Return the area that two boxes share, divided by the area that they cover together."""
    shared = _shared(one, other)
    return shared / (_shared(one, one) + _shared(other, other) - shared)


def _thumbnail(image: Image.Image) -> Image.Image:
    height = round(THUMBNAIL_WIDTH * image.height / image.width)
    return image.resize((THUMBNAIL_WIDTH, height), Image.Resampling.LANCZOS)
