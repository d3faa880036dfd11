"""Standard output and error, on every terminal and into every pipe."""

import io
import sys
from typing import TextIO


def escape_unprintable() -> None:
    """Let both write `\\u2026` for a character that their encoding lacks.

    As Python opens them, an ASCII output stops in the middle of a table.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.errors == "strict" or not _knows_all(stream):
            stream.reconfigure(errors="backslashreplace")


def _knows_all(stream: TextIO) -> bool:
    try:
        "\U0001f600".encode(stream.encoding, stream.errors or "strict")
    except UnicodeEncodeError:
        return False
    return True
