"""Serve the site on this machine until it is stopped."""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn

from photo_search.errors import ServeError
from photo_search.page.app import make_app
from photo_search.page.site import open_site
from photo_search.warehouse.project import Project

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = ("127.0.0.1", "localhost")


def serve(
    project: Project,
    data: str,
    *,
    port: int,
    host: str = LOOPBACK,
    allowed_hosts: Sequence[str] = (),
    allows_unsplash: bool = False,
    on_start: Callable[[str], object] = print,
) -> None:
    """Answer on `host` until Ctrl-C; `on_start` is given the address as soon as it answers.

    Requests must name this machine, `host` or one of `allowed_hosts`. Port 0 takes a free one.
    Raises ServeError (the port is taken), WarehouseError, DatasetError.
    """
    with _listen(host, port) as listener, project.open() as warehouse:
        site = open_site(warehouse, data, allows_unsplash)
        app = make_app(site, [*LOOPBACK_NAMES, host, *allowed_hosts])
        server = uvicorn.Server(
            uvicorn.Config(app, access_log=False, server_header=False, log_level="warning")
        )
        on_start(f"http://{host}:{listener.getsockname()[1]}/")
        with suppress(KeyboardInterrupt):  # which is how one stops it
            server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise ServeError(
            f"Nothing can listen on {host}, port {port}: {os.strerror(error.errno or 0)}. "
            "Choose another port with --port, or stop what uses this one."
        ) from error
