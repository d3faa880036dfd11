"""The first line of a file of the dataset, and its bytes, decompressed."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from photo_search.errors import DatasetError
from photo_search.ingest.dataset.shapes import TableShape

HEAD_BYTES = 1 << 20
COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
}
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Header:
    """The column names of a file, and the character between its fields."""

    names: tuple[str, ...]
    delimiter: str
    is_all: bool
    """No row follows."""


def quoting(literal_quotes: bool) -> Literal[0, 3]:
    """What Python's csv module calls it."""
    return csv.QUOTE_NONE if literal_quotes else csv.QUOTE_MINIMAL


def open_file(path: Path) -> pa.NativeFile:
    """The file's bytes; `.gz`, `.bz2` and `.zst` are decompressed."""
    return pa.input_stream(str(path), compression="detect")


def read_header(path: Path, shape: TableShape, literal_quotes: bool) -> Header:
    """The header, once it is known to name the required columns. Raises DatasetError."""
    try:
        with open_file(path) as file:
            head = file.read(HEAD_BYTES)
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"{path} cannot be read: {error}. Get the file again.") from error
    _check_is_text(path, head)
    line, *rest = re.split("[\r\n]", head.decode("utf-8-sig", errors="replace"), maxsplit=1)
    # Release 1.4.0 shipped tab-separated files under the name .csv, so the name does not decide.
    delimiter = "\t" if "\t" in line else ","
    names = next(csv.reader([line], delimiter=delimiter, quoting=quoting(literal_quotes)), [])
    missing = [column for column in shape.required if column not in names]
    if missing:
        named = ", ".join(names)[:500] or "nothing (the file is empty)"
        raise DatasetError(
            f"{path} has no column {', '.join(missing)}. Its first line must name "
            f"{', '.join(shape.required)} and may name other columns. It names: {named}."
        )
    repeated = [column for column in shape.columns if names.count(column) > 1]
    if repeated:
        raise DatasetError(
            f"{path} has the column {', '.join(repeated)} more than once. Remove or rename one."
        )
    return Header(tuple(names), delimiter, not "".join(rest).strip())


def _check_is_text(path: Path, head: bytes) -> None:
    for start, kind in COMPRESSED.items():
        if head.startswith(start):
            raise DatasetError(
                f"{path} is compressed ({kind}), but its name does not say so. Unpack it; only "
                "files that end in .gz, .bz2 or .zst are decompressed here."
            )
    if head.startswith(UTF_16) or b"\0" in re.split(b"[\r\n]", head, maxsplit=1)[0]:
        raise DatasetError(f"{path} is not UTF-8 text. Save it as UTF-8; UTF-16 is not read.")
