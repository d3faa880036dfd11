"""Read the tables of an Unsplash release, in any number of parts, by column name."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from photo_search.errors import DatasetError


@dataclass(frozen=True)
class TableShape:
    """A table of the dataset: its columns as of release 1.4 and those that no release may lack."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]


PHOTOS = TableShape(
    "photos",
    (
        "photo_id",
        "photo_url",
        "photo_image_url",
        "photo_submitted_at",
        "photo_featured",
        "photo_width",
        "photo_height",
        "photo_aspect_ratio",
        "photo_description",
        "photographer_username",
        "photographer_first_name",
        "photographer_last_name",
        "exif_camera_make",
        "exif_camera_model",
        "exif_iso",
        "exif_aperture_value",
        "exif_focal_length",
        "exif_exposure_time",
        "photo_location_name",
        "photo_location_latitude",
        "photo_location_longitude",
        "photo_location_country",
        "photo_location_city",
        "stats_views",
        "stats_downloads",
        "ai_description",
        "ai_primary_landmark_name",
        "ai_primary_landmark_latitude",
        "ai_primary_landmark_longitude",
        "ai_primary_landmark_confidence",
        "blur_hash",
    ),
    required=("photo_id", "photo_image_url"),
)
CONVERSIONS = TableShape(
    "conversions",
    (
        "converted_at",
        "conversion_type",
        "keyword",
        "photo_id",
        "anonymous_user_id",
        "conversion_country",
        "device_type",
        "search_orientation_filter",
        "search_ordering",
    ),
    required=("photo_id", "keyword"),
)
RowNumbers = npt.NDArray[np.int64]
BLOCK_BYTES = 2 << 20  # one record batch: some 3,000 photos or 15,000 conversions
NAMED_ROWS = 20


@dataclass
class MalformedRows:
    """Rows with a wrong number of fields: all are counted, the first few are named."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, part: Path, row: pacsv.InvalidRow) -> None:
        self.count += 1
        if len(self.examples) < NAMED_ROWS:
            self.examples.append(
                f"{part.name} row {row.number}: {row.actual_columns} fields instead of "
                f"{row.expected_columns}"
            )


def find_parts(folder: Path, shape: TableShape) -> list[Path]:
    """The files of a table, in order of their names (`photos.tsv000`, `photos.tsv001`, …)."""
    parts = sorted(
        path for suffix in ("tsv", "csv") for path in folder.glob(f"{shape.name}.{suffix}*")
    )
    if not parts:
        raise DatasetError(
            f"No {shape.name}.tsv* or {shape.name}.csv* in {folder}. Give the folder of an "
            "Unsplash release with --dataset, or get one with `photo-search fetch`."
        )
    return parts


def read_batches(
    parts: Sequence[Path],
    shape: TableShape,
    malformed: MalformedRows,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Stream the rows as text, an empty field as null, `columns` (default: all) in that order.

    Columns that a part lacks come as nulls, columns that `shape` does not know are left out.
    Memory stays at a few blocks. Raises DatasetError for a missing required column.
    """
    columns = shape.columns if columns is None else columns
    for part in parts:
        delimiter = _check_header(part, shape)
        try:
            yield from _open(part, delimiter, columns, malformed)
        except pa.ArrowInvalid as error:
            raise DatasetError(f"{part} cannot be read as a table: {error}") from error


def read_rows(
    parts: Sequence[Path],
    shape: TableShape,
    numbers: RowNumbers,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Stream the rows with these ascending numbers, counted from 0 as read_batches() gives them."""
    first = 0
    for batch in read_batches(parts, shape, MalformedRows(), columns):
        low, high = np.searchsorted(numbers, [first, first + batch.num_rows])
        if low < high:
            yield batch.take(pa.array(numbers[low:high] - first))
        first += batch.num_rows


def _open(
    part: Path, delimiter: str, columns: Sequence[str], malformed: MalformedRows
) -> pacsv.CSVStreamingReader:
    def skip(row: pacsv.InvalidRow) -> Literal["skip"]:
        malformed.add(part, row)
        return "skip"

    return pacsv.open_csv(
        part,
        # One thread: only then does the parser know the numbers of malformed rows.
        read_options=pacsv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=list(columns),
            include_missing_columns=True,
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _check_header(part: Path, shape: TableShape) -> str:
    """The delimiter of the part, once its header is known to name the required columns."""
    with part.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        header = lines.readline()
    # Release 1.4.0 shipped tab-separated parts under the name .csv, so the name tells nothing.
    delimiter = "\t" if "\t" in header else ","
    names = next(csv.reader([header], delimiter=delimiter), [])
    missing = [column for column in shape.required if column not in names]
    if missing:
        raise DatasetError(
            f"{part} has no column {', '.join(missing)}. Its first line must name "
            f"{', '.join(shape.required)} and may name other columns. It names: "
            f"{', '.join(names) or 'nothing (the file is empty)'}."
        )
    return delimiter
