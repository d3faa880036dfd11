"""Commands whose output is not a terminal, each in a new process."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from photo_search.draw.page.serve import _listen, _names, is_loopback
from photo_search.errors import ServeError

COMMAND = """
import sys, time
import click
from photo_search.cli import main

@main.command()
@click.argument("text")
def say(text):
    print(text.encode().decode("unicode_escape"), flush=True)
    time.sleep(60 if text == "wait" else 0)

main(["say", sys.argv[1]])
"""


def start(text: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_what_an_ascii_output_cannot_show_is_escaped(environment: dict[str, str]) -> None:
    with start("0.0017\\u2026 \\U0001f600", **environment) as process:
        assert process.communicate() == ("0.0017\\u2026 \\U0001f600\n", "")
    assert process.returncode == 0


def test_sigterm_stops_a_command_as_ctrl_c_does() -> None:
    with start("wait") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate()
    assert said.startswith("Stopped. What was finished is kept")
    assert process.returncode == 143


def test_the_page_answers_to_the_names_of_this_machine_and_to_allowed_names() -> None:
    ours = ["127.0.0.1", "localhost", "[::1]"]
    assert _names("0.0.0.0", ["photos.lan"]) == [*ours, "photos.lan"]
    assert _names("::1", []) == ours
    assert _names("::", ["fe80::2"]) == [*ours, "[fe80::2]"]
    assert [is_loopback(host) for host in ("::1", "127.0.0.1", "0.0.0.0")] == [True, True, False]


def test_the_page_listens_on_ipv4_when_a_name_has_both_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    for found in (both, both[::-1]):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=found, **__: found)
        with _listen("localhost", 0) as listening:
            assert listening.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("name", ["http://photos.lan", "photos.lan:80", "*lan", "a b", ""])
def test_a_name_that_no_browser_can_request_is_refused(name: str) -> None:
    with pytest.raises(ServeError, match="--allow-host"):
        _names("127.0.0.1", [name])
