"""Quotes that swallow rows: a field whose quote is not closed runs on into the rows after it."""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from photo_search.ingest.dataset.header import Header
from photo_search.photo_id import PHOTO_ID

LINE_END = re.compile(r"\r\n|\r|\n")
IS_PHOTO_ID = re.compile(PHOTO_ID)


def batch_holds_swallowed_rows(batch: pa.RecordBatch, header: Header) -> bool:
    """Whether a field of the batch, which has all columns of its file, contains whole rows."""
    delimiter = header.delimiter.encode()
    for column in batch.columns:
        content = column.buffers()[2]
        if content is None or delimiter not in content.to_pybytes():
            continue  # nearly always, and this is quick
        has_both = pc.and_(
            pc.match_substring_regex(column, "[\r\n]"),
            pc.match_substring(column, header.delimiter),
        )
        for row in pc.indices_nonzero(has_both.fill_null(False)).to_pylist():
            record = [batch.column(n)[row].as_py() or "" for n in range(batch.num_columns)]
            if swallowed_in(record, header):
                return True
    return False


def swallowed_in(record: Sequence[str], header: Header) -> str | None:
    """The name of the column whose field in this record contains whole rows, if one does.

    A quoted line end alone is honest: releases hold keywords and descriptions of several lines.
    Rows were swallowed if a line of the field would be a row by itself, or if the two lines of a
    field, with the fields before and after them, would be two rows.
    """
    for position, field in enumerate(record):
        if "\n" not in field and "\r" not in field:
            continue
        pieces = [line.split(header.delimiter) for line in LINE_END.split(field)]
        lines = [
            [*record[:position], *pieces[0]],
            *pieces[1:-1],
            [*pieces[-1], *record[position + 1 :]],
        ]
        are_two_rows = len(lines) == 2 and len(lines[0]) == len(header.names)
        suspects = lines[1:] if are_two_rows else lines[1:-1]
        if any(_is_row(line, header) for line in suspects):
            return header.names[position] if position < len(header.names) else "after the last"
    return None


def text_holds_swallowed_rows(text: str, header: Header) -> bool:
    """Whether a record with a wrong number of fields runs over several lines, one of them a row."""
    lines = LINE_END.split(text.rstrip("\r\n"))
    return len(lines) > 1 and any(_is_row(line.split(header.delimiter), header) for line in lines)


def _is_row(fields: Sequence[str], header: Header) -> bool:
    if len(fields) != len(header.names):
        return False
    if header.delimiter == "\t":
        return True  # text of several lines does not contain tabs, but it may contain commas
    row = dict(zip(header.names, fields, strict=True))
    return bool(IS_PHOTO_ID.fullmatch(row["photo_id"])) and "://" in row.get(
        "photo_image_url", "://"
    )
