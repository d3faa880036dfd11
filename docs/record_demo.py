"""Record what `make demo` prints, as the moving picture docs/demo.svg.

make setup && python docs/record_demo.py      # more arguments go to make

The text and its order are real. A pause is shown for a second at most, and all of it in 20 seconds.
"""

import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import pyte
from jinja2 import Environment
from pyte.screens import Char

DOCS = Path(__file__).parent
TEMPLATE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
COLUMNS = 104
ROWS = 24
LONGEST_PAUSE_S = 1.0
LONGEST_S = 20.0

Line = tuple[tuple[str, str], ...]  # runs of a colour and a text


class Frame(NamedTuple):
    """Everything that was printed until a moment, line by line."""

    at: float
    lines: list[Line]


class Text(NamedTuple):
    """A line that stands on the terminal from one moment to another, or to the end."""

    row: int
    runs: Line
    start: float
    end: float | None


def main() -> None:
    if (DOCS.parent / "data").exists():
        sys.exit("data/ exists, so this would not be a first run. Move it away and try again.")
    frames = shorten(list(record(["make", *sys.argv[1:], "demo"])))
    scrolls = {frame.at: max(0, len(frame.lines) - ROWS) for frame in frames}
    picture = TEMPLATE.from_string((DOCS / "demo.svg.jinja").read_text())
    (DOCS / "demo.svg").write_text(
        picture.render(
            texts=list(texts(frames)),
            scrolls=scrolls,
            seconds=frames[-1].at,
            columns=COLUMNS,
            rows=ROWS,
        )
    )


def record(command: list[str]) -> Iterator[Frame]:
    """Run a command in a terminal. A frame for each change of what is on it."""
    terminal, end_of_program = pty.openpty()
    termios.tcsetwinsize(terminal, (ROWS, COLUMNS))
    screen = pyte.Screen(COLUMNS, 200)  # high enough that nothing scrolls away
    stream = pyte.ByteStream(screen)
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), end_of_program)
    environment = os.environ | {"TERM": "xterm-256color"}
    printed, before = b"$ make demo\r\n", []
    with subprocess.Popen(command, cwd=DOCS.parent, env=environment, **ends) as program:
        os.close(end_of_program)
        while printed:
            stream.feed(printed)
            lines = [as_runs(screen.buffer[row]) for row in range(screen.cursor.y + 1)]
            if lines != before:
                yield Frame(time.monotonic(), lines if lines[-1] else lines[:-1])
            printed, before = read(terminal), lines
    if program.returncode:
        sys.exit("\n".join(screen.display).rstrip())


def as_runs(cells: Mapping[int, Char]) -> Line:
    """The text of a row without the spaces at its end, split where the colour changes."""
    used = [cells[column] for column in range(COLUMNS)]
    while used and used[-1].data == " ":
        used.pop()
    runs = groupby(used, key=lambda cell: cell.fg)
    return tuple((colour, "".join(cell.data for cell in run)) for colour, run in runs)


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the program has ended
        return b""


def shorten(frames: list[Frame]) -> list[Frame]:
    """The same frames on a clock that runs from 0 and leaves out the rest of long pauses."""
    pauses = [min(later.at - frame.at, LONGEST_PAUSE_S) for frame, later in pairwise(frames)]
    speed = min(1.0, LONGEST_S / sum(pauses))
    return [
        Frame(round(sum(pauses[:count]) * speed, 2), lines)
        for count, (_, lines) in enumerate(frames)
    ]


def texts(frames: list[Frame]) -> Iterator[Text]:
    """When each line begins and ends to be what it is."""
    standing: dict[int, tuple[Line, float]] = {}
    for at, lines in frames:
        for row in range(max(len(lines), len(standing))):
            line = lines[row] if row < len(lines) else ()
            runs, start = standing.get(row, ((), at))
            if line != runs:
                if runs:
                    yield Text(row, runs, start, at)
                standing[row] = (line, at)
    yield from (Text(row, runs, start, None) for row, (runs, start) in standing.items() if runs)


if __name__ == "__main__":
    main()
