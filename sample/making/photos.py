"""Crops → photos: an id, a popularity, and the invented facts for a row of photos.tsv000."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np

from making.blurhash import blur_hash
from making.crops import Crop, Picture, Subject, holds

COLUMNS = (
    "photo_id", "photo_url", "photo_image_url", "photo_submitted_at", "photo_featured",
    "photo_width", "photo_height", "photo_aspect_ratio", "photo_description",
    "photographer_username", "photographer_first_name", "photographer_last_name",
    "exif_camera_make", "exif_camera_model", "exif_iso", "exif_aperture_value",
    "exif_focal_length", "exif_exposure_time", "photo_location_name", "photo_location_latitude",
    "photo_location_longitude", "photo_location_country", "photo_location_city", "stats_views",
    "stats_downloads", "ai_description", "ai_primary_landmark_name",
    "ai_primary_landmark_latitude", "ai_primary_landmark_longitude",
    "ai_primary_landmark_confidence", "blur_hash",
)  # fmt: skip

# Ids written by hand, and the photograph whose crop gets each. ../README.md explains each of them.
NAMED_IDS = {
    "--2IBUMsyn1": "chelsea.png",
    "--ZcoffeeQ7": "coffee.png",
    "-SyUjsynHau": "rocket.jpg",
    "-9galaxyXdf": "hubble_deep_field.jpg",
    "sameButCase": "coins.png",
    "SAMEbutCASE": "retina.jpg",
    "01234567012": "brick.png",
    "html-descr1": "coffee.png",
    "quotes-and1": "coffee.png",
    "newline-in1": "camera.png",
    "padded-txt1": "brick.png",
    "non-latin-1": "chelsea.png",
    "duplicate-1": "astronaut.png",
    "truncated-1": "astronaut.png",
    "no-thumb-01": "hubble_deep_field.jpg",
    "lookalike-1": "grass.png",
    "never-used1": "astronaut.png",
    "never-used2": "chelsea.png",
    "never-used3": "coffee.png",
    "never-used4": "gravel.png",
    "never-used5": "rocket.jpg",
    "never-used6": "text.png",
}
# What a photo with a named id has instead of the invented facts.
DIRTY_FACTS = {
    "html-descr1": {"photo_description": "<script>alert(1)</script> coffee & <b>cake</b>"},
    "quotes-and1": {"photo_description": "The \"best\" cup in town \\ it's o'clock"},
    "newline-in1": {"photo_description": "First line: Cambridge\nSecond line: an autumn day"},
    "padded-txt1": {
        "photo_location_country": " U.K. ",
        "photo_location_city": "LONDON ",
        "photo_location_name": " ",
        "exif_camera_make": "NIKON CORPORATION ",
        "exif_camera_model": " NIKON D90",
    },
    "non-latin-1": {"photo_description": "猫の目, глаз кошки", "photographer_last_name": "青い鳥"},
    "lookalike-1": {"photo_image_url": "https://images.unsplash.com-grass-sun.jpg/"},
}

PHOTOGRAPHERS = (
    "Avocet", "Bunting", "Curlew", "Dunlin", "Egret", "Fulmar", "Godwit", "Heron", "Ibis", "Jacana",
)  # fmt: skip
CAMERAS = (
    ("Canon", "Canon EOS 5D Mark III"),
    ("NIKON CORPORATION", "NIKON D750"),
    ("SONY", "ILCE-7M3"),
    ("FUJIFILM", "X-T30"),
    ("Apple", "iPhone 13 Pro"),
)
FIRST_SUBMITTED = datetime(2013, 5, 1, tzinfo=UTC)
YEARS_OF_SUBMISSION = 12
ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class Photo:
    """A photo of the sample. `popularity` is its weight among the downloads, `facts` is its row."""

    photo_id: str
    crop: Crop
    popularity: float
    facts: dict[str, str]


def make_photos(crops: Sequence[Crop], seed: str) -> list[Photo]:
    """Return one photo per crop, in mixed order. Popularity falls as in Zipf's law."""
    rng = Random(seed)
    mixed = rng.sample(crops, len(crops))
    ids = _photo_ids([crop.picture.file for crop in mixed], rng)
    photos = []
    for photo_id, rank, crop in zip(ids, _ranks(mixed, rng), mixed, strict=True):
        popularity = 0.0 if photo_id.startswith("never-used") else rank**-0.8
        facts = _facts(photo_id, crop, popularity, Random(f"{seed} {photo_id}"))
        photos.append(Photo(photo_id, crop, popularity, facts))
    return photos


def _photo_ids(files: Sequence[str], rng: Random) -> list[str]:
    """Return random ids, except the named ones. Each of those goes to a crop of its photograph."""
    ids = ["".join(rng.choices(ID_LETTERS, k=11)) for _ in files]
    free = rng.sample(range(len(files)), len(files))
    for named, file in NAMED_IDS.items():
        place = next(index for index in free if files[index] == file)
        free.remove(place)
        ids[place] = named
    return ids


def _ranks(crops: Sequence[Crop], rng: Random) -> list[int]:
    """Draw the place of each crop in the order of downloads. 1 is the most downloaded.

    The appeal of a photograph is its weight (Efraimidis and Spirakis, 2006: sampling with weights,
    without replacement).
    """
    keys = [rng.random() ** (1 / crop.picture.appeal) for crop in crops]
    order = sorted(range(len(crops)), key=keys.__getitem__, reverse=True)
    return [order.index(place) + 1 for place in range(len(crops))]


def _facts(photo_id: str, crop: Crop, popularity: float, rng: Random) -> dict[str, str]:
    """Invent the row of one photo. A missing column is null."""
    seconds = rng.uniform(0, YEARS_OF_SUBMISSION * 365 * 86_400)
    submitted = FIRST_SUBMITTED + timedelta(seconds=seconds)
    url_name = (
        f"photo-{submitted.timestamp() * 1000:013.0f}"
        f"-{hashlib.sha256(photo_id.encode()).hexdigest()[:12]}"
    )
    photographer = rng.choice(PHOTOGRAPHERS)
    facts = {
        "photo_id": photo_id,
        "photo_url": f"https://photos.example/photos/{photo_id}",
        "photo_image_url": f"https://photos.example/{url_name}",
        "photo_submitted_at": f"{submitted:%Y-%m-%d %H:%M:%S.%f}",
        "photo_featured": "t",
        "photographer_username": f"synthetic_{photographer.lower()}",
        "photographer_first_name": "Synthetic",
        "photographer_last_name": photographer,
        "blur_hash": blur_hash(np.asarray(crop.thumbnail.convert("RGB").resize((32, 32)))),
    }
    facts |= _size(crop, rng) | _description(crop, rng) | _exif(rng) | _location(crop.picture, rng)
    return facts | _statistics(popularity, rng) | DIRTY_FACTS.get(photo_id, {})


def _size(crop: Crop, rng: Random) -> dict[str, str]:
    width = rng.choice((3000, 3456, 4000, 4608, 5184, 6000))
    ratio = crop.thumbnail.width / crop.thumbnail.height
    return {
        "photo_width": str(width),
        "photo_height": str(round(width / ratio)),
        "photo_aspect_ratio": f"{ratio:.2f}",
    }


def _description(crop: Crop, rng: Random) -> dict[str, str]:
    phrase = _phrase(crop)
    capital = phrase[0].upper() + phrase[1:]
    return {
        "photo_description": rng.choice(("", capital, f"From my archive: {phrase}")),
        "ai_description": phrase,
    }


def _phrase(crop: Crop) -> str:
    """Name the subjects that are in no other one. Name the photograph if there are none or many."""
    inside = crop.subjects
    outermost = [subject for subject in inside if not _is_part(subject, inside)]
    phrases = list(dict.fromkeys(subject.phrase for subject in outermost))
    if not 1 <= len(phrases) <= 3:
        return crop.picture.phrase
    return " and ".join(filter(None, (", ".join(phrases[:-1]), phrases[-1])))


def _is_part(subject: Subject, others: Sequence[Subject]) -> bool:
    return any(holds(other.box, subject.box) for other in others if other is not subject)


def _exif(rng: Random) -> dict[str, str]:
    if rng.random() < 0.3:
        return {}
    make, model = rng.choice(CAMERAS)
    return {
        "exif_camera_make": make,
        "exif_camera_model": model,
        "exif_iso": rng.choice(("100", "200", "400", "800", "1600")),
        "exif_aperture_value": rng.choice(("1.8", "2.8", "4.0", "5.6", "8.0")),
        "exif_focal_length": rng.choice(("24.0", "35.0", "50.0", "85.0", "200.0")),
        "exif_exposure_time": rng.choice(("1/30", "1/125", "1/250", "1/1000")),
    }


def _location(picture: Picture, rng: Random) -> dict[str, str]:
    if not picture.places or rng.random() < 0.4:
        return {}
    city, country, latitude, longitude = rng.choice(picture.places)
    facts = {
        "photo_location_name": f"{city.strip()}, {country.strip()}",
        "photo_location_latitude": f"{latitude:.6f}",
        "photo_location_longitude": f"{longitude:.6f}",
        "photo_location_country": country,
        "photo_location_city": city,
    }
    if picture.landmark:
        name, latitude, longitude = picture.landmark
        facts |= {
            "ai_primary_landmark_name": name,
            "ai_primary_landmark_latitude": f"{latitude:.6f}",
            "ai_primary_landmark_longitude": f"{longitude:.6f}",
            "ai_primary_landmark_confidence": f"{rng.uniform(45, 99):.1f}",
        }
    return facts


def _statistics(popularity: float, rng: Random) -> dict[str, str]:
    downloads = round(40_000 * popularity * rng.uniform(0.6, 1.4)) + rng.randint(20, 400)
    views = downloads * rng.randint(90, 260) + rng.randint(0, 999)
    return {"stats_views": str(views), "stats_downloads": str(downloads)}
