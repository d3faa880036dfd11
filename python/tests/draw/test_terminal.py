"""Answers on a terminal."""

import io
import os
import pty
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from photo_search.ask.photos import Photo, SimilarPhoto
from photo_search.ask.question import Answer, Question
from photo_search.draw.terminal import print_answer

DRAW = """
import io
from PIL import Image
from rich.console import Console
from photo_search.draw.terminal import print_answer
from draw.test_terminal import answer
content = io.BytesIO()
Image.new("RGB", (200, 100), (255, 0, 0)).save(content, "JPEG", quality=100)
thumbnails = {"00": content.getvalue(), "01": b"no picture"}
print_answer(answer("a"), thumbnails, Console(width=100))
print_answer(answer("b", "01"), thumbnails, Console(width=100))
"""


def answer(text, sha256="00"):
    photo = Photo(
        "--a", sha256, 20, 10, "v1", photo_description=text, photographer_name=text,
        top_keywords=[text],
    )  # fmt: skip
    return Answer(Question("b"), "select 1", [SimilarPhoto(photo, 1, 0.25, True, False)], 1.0)


def printed(text, thumbnails=None, **settings):
    file = io.StringIO()
    print_answer(answer(text), thumbnails or {}, Console(file=file, width=100, **settings))
    return file.getvalue()


def test_text_in_an_answer_never_reaches_the_terminal_as_a_command():
    shown = printed("red\x1b[31m\x07\x9b2J\u202eback [bold]x[/bold]")
    assert not any(act in shown for act in ("\x1b", "\x07", "\x9b", "\u202e"))
    assert "[bold]x[/bold]" in shown


def test_the_most_popular_photo_has_a_star():
    assert "0 *" in printed("a")


def drawn_on_a_terminal(size):
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, size)
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", DRAW], stdin=slave, stdout=slave, stderr=slave, env=environment
    ) as process:
        os.close(slave)
        shown = read_all(master)
        assert process.wait() == 0, shown
    return shown


def test_a_terminal_without_pictures_gets_half_blocks():
    shown = drawn_on_a_terminal((50, 100))
    assert "▀" in shown
    assert "38;2;254;0;0" in shown
    assert shown.count("0.25") == 2  # the place of a thumbnail that cannot be drawn stays empty


def test_a_terminal_of_unknown_size_gets_only_the_table():
    shown = drawn_on_a_terminal((0, 0))
    assert "0.25" in shown
    assert "▀" not in shown


def read_all(master):
    parts = []
    with suppress(OSError):  # Linux says so when the other side is closed
        while part := os.read(master, 65536):
            parts.append(part)
    os.close(master)
    return b"".join(parts).decode()
