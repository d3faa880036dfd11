"""What a built database answers: the questions, and the pages over HTTP."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import requests
import uvicorn

from photo_search.draw.page.app import make_app
from photo_search.draw.page.context import open_site
from photo_search.warehouse import Project
from warm_project import REPOSITORY

Rows = list[dict[str, Any]]


class Page(NamedTuple):
    status: int
    is_json: bool
    text: str


class Seen(NamedTuple):
    answers: list[Rows]
    pages: dict[str, Page]


def visit(
    data: str, questions: Sequence[tuple[str, Mapping[str, Any]]], paths: Sequence[str]
) -> Seen:
    """Run each question (a macro and its arguments) and request each path of the search page."""
    with Project(REPOSITORY).open() as warehouse:
        answers = [
            warehouse.rows(warehouse.compile(macro, **arguments)) for macro, arguments in questions
        ]
        app = make_app(open_site(warehouse, data, False), ["127.0.0.1"])
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            with requests.Session() as session:
                got = {path: session.get(f"http://127.0.0.1:{port}{path}") for path in paths}
        finally:
            server.should_exit = True
            thread.join()
    pages = {
        path: Page(one.status_code, one.headers["Content-Type"] == "application/json", one.text)
        for path, one in got.items()
    }
    return Seen(answers, pages)
