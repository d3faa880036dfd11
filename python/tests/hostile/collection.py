"""Hostile photo collections, made from a seed: odd ids, texts, times, numbers, pictures and files.

The same seed gives the same collection. Every written row is also kept in memory, so that a test
can account for each of them.
"""

# ruff: noqa: RUF001 (letters that look like others are part of the trouble)

import csv
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

HOST = "photos.example"
FOLDERS = [
    "plain", "with space", "x[1]", "x{a,b}", "2024?", "*", "**", "#hash", "100%25", "it's", 'a"b',
    "back\\slash", "~home", "-dash", "a::b", "ünïcödé", "日本", "a|b", "$HOME", "new\nline",
    "{1..3}",
]  # fmt: skip
GOOD_IDS = [
    "-leading", "--twice", "01234567012", "1e5", "null", "NULL", "nan", "true", "_", "-", "0",
    "sameButCase", "SAMEBUTCASE", "x" * 64, "a_b-c", "2024-01-01",
]  # fmt: skip
BAD_IDS = ["", " ", "a b", "o'brien", "../x", "é", "🙂", "y" * 65, "a;b", "{{x}}", "a\nb", "%s"]
TEXTS = [
    "", " ", "bee", "Bee", " bee ", "BEES", "кот", "Кот", "КОТ", "cafe\u0301", "café", "CAFÉ",
    "bee\u00a0", "\ufeffbee", "be\u200be", "a\u2003b", "Straße", "İstanbul", "ΣΊΣΥΦΟΣ",
    "日本 の 猫", "👩\u200d🚀", "o'brien's \"quote\" \\ back", "'; drop table photos; --",
    "%s %(x)s {0}", "{{ 7*7 }}{% raw %}", "<script>alert(1)</script>", "\u202eevil\u2066",
    "\x1b[31mred", "\\N", "NULL", "null", "nan", "None", "=1+1", "-1", "a,b",
    "two\nlines", "two\r\nlines", "tab\tinside",
    "z" * 3000, "0", "true", "é" * 200,
]  # fmt: skip
TIMES = [
    "", "2025-03-02 11:20:31.123", "2025-03-02T11:20:31Z", "2025-03-02 11:20:31,5",
    "2025-03-02T11:20:31+05:30", "1751333226", "1751333226123", "yesterday", "2024-02-30 00:00:00",
    "0000-00-00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2150-01-01 00:00:00",
    "1969-12-31 23:59:59", "25:61:61", "02/03/2025", "2025-03-02", "nan", "-1", "∞",
]  # fmt: skip
NUMBERS = [
    "", "3000", "3000.0", "3e3", " 400 ", "-5", "NaN", "inf", "1,5", "1_000", "0x10", "²", "many",
    "99999999999999999999", "0", "+7", "1e400",
]  # fmt: skip
TRUTHS = ["", "t", "f", "True", "false", "1", "0", "yes", "NaN", "maybe"]
PHOTO_COLUMNS = {
    "photo_id": [], "photo_url": TEXTS, "photo_image_url": [], "photo_submitted_at": TIMES,
    "photo_featured": TRUTHS, "photo_width": NUMBERS, "photo_height": NUMBERS,
    "photo_description": TEXTS, "photographer_username": TEXTS, "photographer_first_name": TEXTS,
    "exif_camera_make": TEXTS, "exif_iso": NUMBERS, "exif_aperture_value": TEXTS,
    "photo_location_name": TEXTS, "photo_location_latitude": NUMBERS,
    "photo_location_longitude": NUMBERS, "photo_location_country": TEXTS, "stats_views": NUMBERS,
    "ai_description": TEXTS, "blur_hash": TEXTS, "a column of tomorrow": TEXTS,
}  # fmt: skip
CONVERSION_COLUMNS = {
    "converted_at": TIMES, "conversion_type": ["download"], "keyword": TEXTS, "photo_id": [],
    "anonymous_user_id": TEXTS, "conversion_country": ["US", "de", "", "??", "é"],
    "device_type": ["desktop", "mobile", ""], "a column of tomorrow": TEXTS,
}  # fmt: skip

Row = dict[str, str]


@dataclass
class Collection:
    """What was written: the rows in their order, and the paths of the files and pictures."""

    dataset: Path
    thumbnails: Path
    out: Path
    photos: list[Row] = field(default_factory=list)
    conversions: list[Row] = field(default_factory=list)
    malformed: int = 0
    has_open_quote: bool = False


def make_collection(seed: int, folder: Path) -> Collection:
    """Write the collection of this seed into `folder`."""
    chance = random.Random(seed)
    place = folder / chance.choice(FOLDERS)
    collection = Collection(place / "dataset", place / "thumbnails", place / "out")
    for needed in (collection.dataset, collection.thumbnails):
        needed.mkdir(parents=True)
    for number, photo_id in enumerate(_photo_ids(chance)):
        name = f"p{number:03}"
        content = chance.choice(PICTURES)(chance)
        if content is not None:
            (collection.thumbnails / f"{name}.jpg").write_bytes(content)
        url = chance.choice([*[f"https://{HOST}/{name}"] * 9, *_bad_urls(name)])
        known = {"photo_id": photo_id, "photo_image_url": url}
        collection.photos.append(_row(chance, PHOTO_COLUMNS, known))
    ids = [row["photo_id"] for row in collection.photos]
    for _ in range(chance.choice([0, 1, 60, 400])):
        photo_id = chance.choice([*ids, *ids, "unknown", chance.choice(BAD_IDS)])
        collection.conversions.append(_row(chance, CONVERSION_COLUMNS, {"photo_id": photo_id}))
    collection.conversions += chance.sample(
        collection.conversions, len(collection.conversions) // 20
    )
    _write_table(chance, collection, "photos", PHOTO_COLUMNS, collection.photos)
    _write_table(chance, collection, "conversions", CONVERSION_COLUMNS, collection.conversions)
    _litter(chance, collection.dataset)
    return collection


def _photo_ids(chance: random.Random) -> list[str]:
    count = chance.choice([1, 2, 3, 8, 24, 60])
    ids = chance.sample(GOOD_IDS, min(len(GOOD_IDS), count))
    ids += [f"photo{number:03}" for number in range(count - len(ids))]
    ids += chance.sample(BAD_IDS, chance.choice([0, 0, 2, 5]))
    ids += chance.choices(ids, k=chance.choice([0, 0, 1, 3]))
    chance.shuffle(ids)
    return ids


def _bad_urls(name: str) -> list[str]:
    return [
        "", "not a url", f"http://{HOST}/{name}", f"https://{HOST}.evil/{name}", f"https://[{name}",
        f"https://{HOST}/../{name}", f"file:///{name}", f"https://{HOST}/{name}?a='b'&c=\"d\"",
    ]  # fmt: skip


def _row(chance: random.Random, columns: dict[str, list[str]], known: Row) -> Row:
    return {
        name: known[name] if name in known else chance.choice(choices)
        for name, choices in columns.items()
    }


# ---------- files
def _write_table(
    chance: random.Random,
    collection: Collection,
    name: str,
    columns: dict[str, list[str]],
    rows: Sequence[Row],
) -> None:
    """One to three files. Some have rows with too few fields, and a few have an open quote."""
    suffix, delimiter = chance.choice([("tsv", "\t"), ("csv", ","), ("csv", "\t")])
    bounds = sorted(chance.choices(range(len(rows) + 1), k=chance.choice([0, 0, 1, 2])))
    names = list(columns)
    for number, (start, end) in enumerate(zip([0, *bounds], [*bounds, len(rows)], strict=True)):
        chance.shuffle(names)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(
            text, names, delimiter=delimiter, lineterminator=chance.choice(["\n", "\r\n"])
        )
        writer.writeheader()
        for position in range(start, end):
            if position == (start + end) // 2:
                middle = text.tell()
            writer.writerow(rows[position])
            if chance.random() < 0.01:
                text.write(f"too{delimiter}few\n")
                collection.malformed += 1
        if name == "conversions" and end - start > 50 and chance.random() < 0.3:
            written = text.getvalue()
            open_quote = _with_open_quote(names, delimiter)
            text = io.StringIO(written[:middle] + open_quote + written[middle:], newline="")
            collection.has_open_quote = True
        encoding = chance.choice(["utf-8", "utf-8", "utf-8-sig"])
        file = collection.dataset / f"{name}.{suffix}{number:03}"
        file.write_bytes(text.getvalue().encode(encoding))


def _with_open_quote(names: Sequence[str], delimiter: str) -> str:
    row = {"photo_id": "p", "keyword": '"never closed'}
    return delimiter.join(row.get(name, "") for name in names) + "\n"


def _litter(chance: random.Random, folder: Path) -> None:
    """Files with names like those of the dataset. Their rows must not be read."""
    for name in chance.sample(
        ["photos.tsv~", "photos.tsv.bak", "photos (1).tsv", ".photos.tsv.swp", "conversions.tsv~",
         "__MACOSX/._photos.tsv000", "photos.tsv000.tmp", "copy of photos.csv"],
        chance.choice([0, 1, 3]),
    ):  # fmt: skip
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("photo_id\tphoto_image_url\tkeyword\nstale\thttps://stale/\tstale\n")


# ---------- pictures
Maker = Callable[[random.Random], bytes | None]


def _pixels(chance: random.Random, side: int = 48) -> Image.Image:
    """One of 20 pictures, so that many photos are the same or nearly the same."""
    blocks = np.random.default_rng(chance.randrange(20)).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((side * 4 // 3, side))


def _saved(form: str, mode: str = "RGB", **options: object) -> Maker:
    def make(chance: random.Random) -> bytes:
        file = io.BytesIO()
        _pixels(chance).convert(mode).save(file, form, **options)
        return file.getvalue()

    return make


def _cut(chance: random.Random) -> bytes:
    whole = _saved("JPEG")(chance)
    return whole[: chance.randrange(len(whole))]


def _flipped(chance: random.Random) -> bytes:
    content = bytearray(
        chance.choice([_saved("JPEG"), _saved("PNG"), _saved("GIF")])(chance) or b""
    )
    for _ in range(5):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def _sixteen_bits(_: random.Random) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 16).save(file, "PNG")
    return file.getvalue()


PICTURES: list[Maker] = [
    *[_saved("JPEG")] * 12,
    _saved("JPEG", progressive=True), _saved("JPEG", "CMYK"), _saved("JPEG", "L"),
    _saved("JPEG", exif=b"Exif\x00\x00garbage"), _saved("JPEG", comment=b"x" * 60_000),
    _saved("PNG"), _saved("PNG", "RGBA"), _saved("PNG", "P"), _saved("PNG", "1"),
    _saved("PNG", "LA"),
    _saved("WEBP"), _saved("GIF"), _saved("BMP"), _saved("TIFF"), _sixteen_bits, _cut, _flipped,
    lambda chance: b"", lambda chance: b"<html>not here</html>", lambda chance: None,
    lambda chance: b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64), lambda chance: bytes(5000),
    lambda chance: chance.randbytes(2000),
    lambda chance: b"\x89PNG\r\n\x1a\n" + bytes(20), lambda chance: b"\xff\xd8\xff",
]  # fmt: skip
