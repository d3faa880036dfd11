"""Read the tables of an Unsplash release, in any number of files, by column name."""

import csv
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from photo_search.errors import DatasetError
from photo_search.ingest.dataset.files import Table
from photo_search.ingest.dataset.header import Header, open_file, quoting, read_header
from photo_search.ingest.dataset.quotes import (
    batch_holds_swallowed_rows,
    swallowed_in,
    text_holds_swallowed_rows,
)

RowNumbers = npt.NDArray[np.int64]
BLOCK_BYTES = 2 << 20  # one record batch: some 3,000 photos or 15,000 conversions
NAMED_ROWS = 20


@dataclass
class RowCount:
    """The rows of a table: those that were read, and those with a wrong number of fields.

    Of the latter, the first few are named.
    """

    read: int = 0
    malformed: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.read + self.malformed

    def add_malformed(self, path: Path, row: pacsv.InvalidRow) -> None:
        self.malformed += 1
        if len(self.examples) < NAMED_ROWS:
            self.examples.append(
                f"{path.name} row {row.number - 1}: {row.actual_columns} fields instead of "
                f"{row.expected_columns}"
            )


def read_batches(
    table: Table, row_count: RowCount | None, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Stream the rows as text, an empty field as null, `columns` (default: all) in that order.

    Columns that a file lacks come as nulls, columns that the table does not know are left out.
    Malformed rows are left out and counted in `row_count`. Without it, the table has been read
    before, and quotes are not checked again. Memory stays at a few blocks.
    Raises DatasetError for a missing required column, a file that cannot be read as a table, a
    quote that swallows rows, and a table in which all rows are malformed.
    """
    columns = table.shape.columns if columns is None else columns
    for path in table.files:
        yield from _read_file(table, path, row_count, columns)
    if row_count and row_count.malformed and not row_count.read:
        raise DatasetError(
            f"All {row_count.malformed} rows of {table.files[0]} have a wrong number of fields, "
            f"such as {row_count.examples[0]}. Check that the first line names every column."
        )


def read_rows(
    table: Table, numbers: RowNumbers, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Stream the rows with these ascending numbers, counted from 0 as read_batches() gives them."""
    first = 0
    for batch in read_batches(table, None, columns):
        low, high = np.searchsorted(numbers, [first, first + batch.num_rows])
        if low < high:
            yield batch.take(pa.array(numbers[low:high] - first))
        first += batch.num_rows


def _read_file(
    table: Table, path: Path, row_count: RowCount | None, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    header = read_header(path, table.shape, table.literal_quotes)
    if header.is_all:
        return
    is_checked = row_count is not None and not table.literal_quotes
    has_swallowed = False

    def skip(row: pacsv.InvalidRow) -> Literal["skip"]:
        nonlocal has_swallowed
        if row_count is not None:
            row_count.add_malformed(path, row)
        if is_checked and not has_swallowed:
            has_swallowed = text_holds_swallowed_rows(row.text, header)
        return "skip"

    # All columns in the first reading: a quote can swallow rows in any of them.
    wanted = header.names if is_checked else [name for name in columns if name in header.names]
    try:
        for batch in _batches(path, header, wanted, table.literal_quotes, skip):
            if is_checked:
                has_swallowed = has_swallowed or batch_holds_swallowed_rows(batch, header)
            if has_swallowed:
                raise _explain(path, header, table.literal_quotes)
            if row_count is not None:
                row_count.read += batch.num_rows
            yield _select(batch, columns)
    except (OSError, pa.ArrowException) as error:
        raise _explain(path, header, table.literal_quotes, error) from error
    if has_swallowed:
        raise _explain(path, header, table.literal_quotes)


def _batches(
    path: Path,
    header: Header,
    columns: Sequence[str],
    literal_quotes: bool,
    skip: Callable[[pacsv.InvalidRow], Literal["skip"]],
) -> Iterator[pa.RecordBatch]:
    with _silent():
        reader = pacsv.open_csv(
            open_file(path),
            # One thread: only then does the parser know the numbers of malformed rows.
            read_options=pacsv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            parse_options=pacsv.ParseOptions(
                delimiter=header.delimiter,
                quote_char=False if literal_quotes else '"',
                newlines_in_values=not literal_quotes,
                invalid_row_handler=skip,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                # In order: of an extra column that is there twice, a name would read only one.
                include_columns=[] if columns is header.names else list(columns),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    while True:
        try:
            with _silent():
                batch = reader.read_next_batch()
        except StopIteration:
            return
        yield batch


@contextmanager
def _silent() -> Iterator[None]:
    """Keep pyarrow from printing a traceback for a malformed row that is not UTF-8.

    It raises an error as well, and that one is reported.
    """
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _select(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    arrays = [
        batch[name] if name in batch.schema.names else pa.nulls(batch.num_rows, pa.string())
        for name in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, list(columns))


def _explain(
    path: Path, header: Header, literal_quotes: bool, error: Exception | None = None
) -> DatasetError:
    """The error with the row and line of its cause, which a second, slower reading finds."""
    csv.field_size_limit(sys.maxsize)
    try:
        with open_file(path) as file:
            lines = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
            reader = csv.reader(lines, delimiter=header.delimiter, quoting=quoting(literal_quotes))
            next(reader)
            row, last_line = 0, reader.line_num
            for record in reader:
                row += bool(record)
                place = f"{path} row {row} (line {last_line + 1})"
                count_lines = reader.line_num - last_line
                last_line = reader.line_num
                if found := _fault(record, count_lines, header):
                    return DatasetError(f"{place}{found}")
    except (OSError, pa.ArrowException):  # a damaged archive, which `error` describes
        pass
    return DatasetError(f"{path} cannot be read as a table: {error or 'a quote is not closed'}.")


def _fault(record: Sequence[str], count_lines: int, header: Header) -> str | None:
    if count_lines > 1:
        column = swallowed_in(record, header)
        text = header.delimiter.join(record)
        if column or (len(record) != len(header.names) and text_holds_swallowed_rows(text, header)):
            column = column or "of this row"
            return (
                f": a quote in the column {column} is not closed in its row, and {count_lines - 1} "
                "of the lines after it would be read with it. Close or remove that quote, or "
                "add --literal-quotes, with which a quote is an ordinary character and every line "
                "is a row."
            )
    try:
        size = len(header.delimiter.join(record).encode())
    except UnicodeEncodeError:
        return " is not UTF-8 text. Save the file as UTF-8, or correct that line."
    if size >= BLOCK_BYTES:
        return (
            f" is longer than {BLOCK_BYTES} bytes, in {count_lines} lines. If a quote in it is "
            "not closed, close it or add --literal-quotes. Otherwise shorten the row."
        )
    return None
