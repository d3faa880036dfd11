"""Photos → conversions: who downloaded which photo, when, and after which search."""

import math
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from making.crops import Crop
from making.photos import Photo

COLUMNS = (
    "converted_at", "conversion_type", "keyword", "photo_id", "anonymous_user_id",
    "conversion_country", "device_type", "search_orientation_filter", "search_ordering",
)  # fmt: skip

FIRST_DAY = datetime(2025, 7, 1, tzinfo=UTC)
DAYS = 365
USERS = 3_000
COUNTRIES = ("US", "IN", "GB", "DE", "BR", "FR", "CA", "JP", "ID", "AU", "NL", "ZA", "")

# Search words as people typed them: keyword, photo_id, how often.
DIRTY = (
    ("coffee\ncoffee cup", "html-descr1", 3),
    ('barista\'s "best" cup \\ ever', "quotes-and1", 4),
    ("<script>alert(1)</script>", "html-descr1", 2),
    ("\x1b[31mred cup", "quotes-and1", 2),
    ("' OR 1=1 --", "--2IBUMsyn1", 1),
    ("=1+1", "-SyUjsynHau", 1),
    ("cat", "orphan-row1", 5),
)


def make_conversions(
    photos: Sequence[Photo],
    generic: Sequence[str],
    spellings: Mapping[str, str],
    count: int,
    seed: str,
) -> list[dict[str, str]]:
    """Return `count` downloads in the order of time. Photos, keywords and users follow Zipf's law.

    `generic` are words that fit every photo. `spellings` maps a word to another form of it.
    """
    rng = Random(f"{seed} conversions")
    known = {photo.photo_id: photo for photo in photos}
    wanted = [(keyword, photo_id) for keyword, photo_id, times in DIRTY for _ in range(times)]
    popularity = [photo.popularity for photo in photos]
    wanted += [
        (_keyword(photo.crop, generic, spellings, rng), photo.photo_id)
        for photo in rng.choices(photos, popularity, k=count - len(wanted))
    ]
    users = rng.choices([_user(rng) for _ in range(USERS)], _zipf(USERS), k=count)
    rows = [
        user | _download(keyword, photo_id, known.get(photo_id), rng)
        for (keyword, photo_id), user in zip(wanted, users, strict=True)
    ]
    return sorted(rows, key=lambda row: row["converted_at"])


def _keyword(crop: Crop, generic: Sequence[str], spellings: Mapping[str, str], rng: Random) -> str:
    """Draw a word for the crop or, sometimes, a generic one, in one of its spellings."""
    own = [word for subject in crop.subjects for word in subject.keywords] + crop.picture.keywords
    words = generic if rng.random() < 0.12 else list(dict.fromkeys(own))
    word = rng.choices(words, _zipf(len(words)))[0]
    if word in spellings and rng.random() < 0.25:
        word = spellings[word]
    return rng.choices((word, f" {word} ", f"{word} "), (980, 12, 8))[0]


def _user(rng: Random) -> dict[str, str]:
    """Invent a person: their id, country (some have none) and device."""
    return {
        "anonymous_user_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "conversion_country": rng.choices(COUNTRIES, _zipf(len(COUNTRIES)))[0],
        "device_type": rng.choices(("desktop", "mobile", "tablet"), (70, 26, 4))[0],
    }


def _download(keyword: str, photo_id: str, photo: Photo | None, rng: Random) -> dict[str, str]:
    return {
        "converted_at": _moment(photo.crop.picture.peak_month if photo else 1, rng),
        "conversion_type": "download",
        "keyword": keyword,
        "photo_id": photo_id,
        "search_orientation_filter": rng.choices(("all", _orientation(photo)), (7, 3))[0],
        "search_ordering": rng.choices(("popular", "recent"), (8, 2))[0],
    }


def _orientation(photo: Photo | None) -> str:
    width, height = photo.crop.thumbnail.size if photo else (1, 1)
    return "landscape" if width > height else "portrait" if width < height else "all"


def _moment(peak_month: int, rng: Random) -> str:
    """Draw a time of the year. It is usually in the middle of the peak month, and rarely on
    weekends.
    """
    while True:
        moment = FIRST_DAY + timedelta(milliseconds=rng.randrange(DAYS * 86_400_000))
        since_peak = moment.timetuple().tm_yday / 365 - (peak_month - 0.5) / 12
        season = 1 + 0.7 * math.cos(math.tau * since_peak)
        if rng.random() * 1.7 < season * (0.6 if moment.weekday() >= 5 else 1.0):
            return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def _zipf(count: int) -> list[float]:
    return [1 / rank for rank in range(1, count + 1)]
