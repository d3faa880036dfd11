"""Which files of a folder hold a table."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from photo_search.errors import DatasetError
from photo_search.ingest.dataset.shapes import TableShape

HOW_TO_GET_ONE = (
    "Give the folder of an Unsplash release with --dataset, or get one with `photo-search fetch`."
)


@dataclass(frozen=True)
class Table:
    """A table of a dataset on disk: its files in their order."""

    shape: TableShape
    files: tuple[Path, ...]
    look_alikes: tuple[str, ...] = ()
    """Names of files with similar names, which are not read."""
    literal_quotes: bool = False
    """Read a quote as an ordinary character, and every line as a row."""


def find_table(folder: Path, shape: TableShape, literal_quotes: bool = False) -> Table:
    """The table in this folder: `photos.tsv`, or `photos.tsv000`, `photos.tsv001`, ….

    A name ends in `.tsv` or `.csv`, then digits or none, then `.gz`, `.bz2`, `.zst` or nothing.
    Raises DatasetError if there is no such file, one is missing, or one is there twice.
    """
    folder = Path(os.path.abspath(folder))  # pyarrow would expand a ~ in a relative path
    is_ours = re.compile(rf"{shape.name}\.([tc]sv)(\d*)(?:\.(?:gz|bz2|zst))?", re.ASCII)
    is_alike = re.compile(rf"{shape.name}.*\.[tc]sv|^{shape.name}\.zip", re.IGNORECASE | re.DOTALL)
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise DatasetError(
            f"{folder} cannot be read as a folder ({error.strerror}). {HOW_TO_GET_ONE}"
        ) from error
    found = {name: match for name in names if (match := is_ours.fullmatch(name))}
    look_alikes = tuple(name for name in names if name not in found and is_alike.search(name))
    if not found:
        raise DatasetError(
            f"No {shape.name}.tsv* or {shape.name}.csv* in {folder}. {HOW_TO_GET_ONE}"
            + (f" {_not_read(look_alikes, shape)}" if look_alikes else "")
        )
    by_number = sorted(found, key=lambda name: int(found[name][2] or 0))
    _check_whole(folder, by_number, [(match[1], match[2]) for match in found.values()])
    return Table(shape, tuple(folder / name for name in by_number), look_alikes, literal_quotes)


def _not_read(names: Iterable[str], shape: TableShape) -> str:
    return (
        f"Not read: {', '.join(map(repr, names))}. Files of this table are named like "
        f"{shape.name}.tsv or {shape.name}.tsv000."
    )


def describe_look_alikes(*tables: Table) -> list[str]:
    """One line for each table that has files of similar names beside it."""
    return [_not_read(table.look_alikes, table.shape) for table in tables if table.look_alikes]


def _check_whole(folder: Path, names: list[str], kinds: list[tuple[str, str]]) -> None:
    """The files must make one table: of one kind, each number once, none missing."""
    numbers = sorted(int(digits) for _, digits in kinds if digits)
    suffixes = {suffix for suffix, _ in kinds}
    is_mixed = len(suffixes) > 1 or 0 < len(numbers) < len(names)
    if is_mixed or len(set(numbers)) < len(numbers) or (not numbers and len(names) > 1):
        raise DatasetError(
            f"{folder} holds a table twice: {', '.join(names)}. Keep either one file or the "
            "numbered files, all .tsv or all .csv, and move the others away."
        )
    if numbers and (numbers[0] > 1 or numbers[-1] - numbers[0] >= len(numbers)):
        missing = sorted(set(range(numbers[-1])) - set(numbers))
        raise DatasetError(
            f"{folder} lacks a file of a table: there are {', '.join(names)}, and number "
            f"{', '.join(map(str, missing[:9]))} is missing. Add the missing files of the release, "
            "or number those that you want from 000."
        )
    for name in names:
        if not (folder / name).is_file():
            raise DatasetError(
                f"{folder / name} is named like a file of the dataset, but it is not a file. "
                "Replace it or move it away."
            )
