"""Make the sample: photos.tsv000, conversions.tsv000, sources.csv and thumbnails/.

    python sample/make_sample.py [FOLDER]

Needs scikit-image 0.26.0 beside the project's own packages. The photographs are in its wheel, so
nothing is downloaded. The same seed gives the same bytes. The JPEG files also depend on
the encoder in Pillow (13.0.0).
"""

import csv
import io
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from making import conversions, photos
from making.crops import Picture, cut
from making.photos import Photo

HERE = Path(__file__).parent
SEED = "20260630"
CONVERSIONS = 12_000
NO_THUMBNAIL = {"no-thumb-01", "lookalike-1"}
HALF_A_THUMBNAIL = {"truncated-1"}
TWO_ROWS = {"duplicate-1"}


def make_sample(folder: Path) -> None:
    """Write the whole sample into `folder`, over the files of an earlier run."""
    words = tomllib.loads((HERE / "making" / "pictures.toml").read_text("utf-8"))
    pictures = [Picture.from_toml(entry) for entry in words["picture"]]
    made = photos.make_photos([crop for one in pictures for crop in cut(one, SEED)], SEED)
    downloads = conversions.make_conversions(
        made, words["generic"], words["spellings"], CONVERSIONS, SEED
    )
    rows = [photo.facts for photo in made]
    rows += [photo.facts for photo in made if photo.photo_id in TWO_ROWS]
    sources = [{"photo_id": one.photo_id, "source": one.crop.picture.file} for one in made]

    folder.mkdir(parents=True, exist_ok=True)
    _write_table(folder / "photos.tsv000", photos.COLUMNS, rows, "\t")
    _write_table(folder / "conversions.tsv000", conversions.COLUMNS, downloads, "\t")
    _write_table(folder / "sources.csv", ["photo_id", "source"], sources, ",")
    _write_thumbnails(folder / "thumbnails", made)


def _write_table(
    path: Path, columns: Sequence[str], rows: Iterable[dict[str, str]], delimiter: str
) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(
            lines, columns, restval="", delimiter=delimiter, lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)


def _write_thumbnails(folder: Path, made: Iterable[Photo]) -> None:
    """Name each thumbnail after the last segment of its URL."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    for photo in made:
        if photo.photo_id not in NO_THUMBNAIL:
            name = photo.facts["photo_image_url"].rsplit("/", 1)[-1]
            (folder / f"{name}.jpg").write_bytes(_jpeg(photo))


def _jpeg(photo: Photo) -> bytes:
    content = io.BytesIO()
    photo.crop.thumbnail.save(content, "JPEG", quality=75)
    whole = content.getvalue()
    return whole[: len(whole) // 2] if photo.photo_id in HALF_A_THUMBNAIL else whole


if __name__ == "__main__":
    make_sample(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
