"""Serve the site on this machine until it is stopped."""

import os
import re
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn

from photo_search.draw.page.app import make_app
from photo_search.draw.page.context import open_site
from photo_search.errors import ServeError
from photo_search.warehouse import Project

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
EVERY_ADDRESS = ("0.0.0.0", "::", "")  # they can be listened on, but not be asked for


def serve(
    project: Project,
    data: str,
    *,
    port: int,
    host: str = LOOPBACK,
    allowed_hosts: Sequence[str] = (),
    allows_unsplash: bool = False,
    on_start: Callable[[str, Sequence[str]], object] = print,
) -> None:
    """Answer on `host` until Ctrl-C.

    `on_start` is given the address as soon as it answers, and the names by which it may be asked:
    those of this machine, `host` and `allowed_hosts`. Port 0 takes a free one.
    Raises ServeError (the port is taken, a name is invalid), WarehouseError, DatasetError.
    """
    names = _names(host, allowed_hosts)
    with _listen(host, port) as listener, project.open() as warehouse:
        site = open_site(warehouse, data, allows_unsplash)
        app = make_app(site, names)
        server = uvicorn.Server(
            uvicorn.Config(app, access_log=False, server_header=False, log_level="warning")
        )
        shown = LOOPBACK if host in EVERY_ADDRESS else _as_name(host)
        on_start(f"http://{shown}:{listener.getsockname()[1]}/", names)
        with suppress(KeyboardInterrupt):  # which is how one stops it
            server.run(sockets=[listener])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    return _as_name(host) in LOOPBACK_NAMES or host.startswith("127.")


def _as_name(host: str) -> str:
    """As an address has it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _names(host: str, allowed_hosts: Sequence[str]) -> list[str]:
    """The host names that a request may have. Raises ServeError for an invalid one."""
    for name in allowed_hosts:
        if not re.fullmatch(r"(\*\.)?[\w.-]+|\*|[0-9A-Fa-f:.]+", name):
            raise ServeError(
                f"--allow-host {name} is not a host name. Give a name or an address without "
                "http:// and without a port, such as photos.example.org."
            )
    named = [name for name in (host, *allowed_hosts) if name not in EVERY_ADDRESS]
    return list(dict.fromkeys([*LOOPBACK_NAMES, *map(_as_name, named)]))


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        return socket.create_server(address, family=family)
    except OSError as error:
        raise ServeError(
            f"Nothing can listen on {host}, port {port}: {os.strerror(error.errno or 0)}. "
            "Choose another port with --port or another address with --host, or stop what uses "
            "this one."
        ) from error
