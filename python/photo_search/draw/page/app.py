"""The site as an ASGI application: routes, worker threads, headers, errors."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photo_search.draw.kit.links import PICTURES
from photo_search.draw.page.context import Site
from photo_search.draw.page.draw import site_environment
from photo_search.draw.page.map_views import MapViews
from photo_search.draw.page.problems import problem_of
from photo_search.draw.page.views import Views
from photo_search.errors import EmptyCollectionError, PhotoSearchError

LARGEST_UPLOAD = 20 * 1024 * 1024
THREADS = 4
MOST_UPLOADS = 8  # at once; each holds up to 20 MB while it waits

View = Callable[[Request], Response]


def make_app(site: Site, hosts: Sequence[str]) -> Starlette:
    """The application, answering only requests that name one of `hosts`."""
    environment = site_environment(site)
    views, maps = Views(site, environment), MapViews(site, environment)
    pool = ThreadPoolExecutor(THREADS, "view")
    uploads = asyncio.Semaphore(MOST_UPLOADS)

    def in_thread(view: View) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await asyncio.get_running_loop().run_in_executor(pool, view, request)

        return endpoint

    def of_photos(view: View) -> Callable[[Request], Awaitable[Response]]:
        """A page about photos, which an empty collection has not."""

        def checked(request: Request) -> Response:
            _require_photos(site)
            return view(request)

        return in_thread(checked)

    async def upload(request: Request) -> Response:
        _require_photos(site)
        if uploads.locked():
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "5"})
        async with uploads:
            run = partial(views.upload, await _uploaded(request))
            return await asyncio.get_running_loop().run_in_executor(pool, run)

    def explain(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        page = environment.get_template("problem.html").render(problem=problem)
        return HTMLResponse(page, problem.status, getattr(error, "headers", None))

    return Starlette(
        routes=[
            Route("/", of_photos(views.start)),
            Route("/random", of_photos(views.random)),
            Route("/photo/{photo_id}", of_photos(views.photo)),
            Route("/text", of_photos(views.text)),
            Route("/picture", of_photos(views.picture)),
            Route("/picture", upload, methods=["POST"]),
            Route("/thumbnail/{sha256}.jpg", in_thread(views.thumbnail)),
            Route("/preview/{name}.jpg", in_thread(views.preview)),
            Route("/map", of_photos(maps.map)),
            Route("/map.svg", of_photos(maps.picture)),
            Route("/map/points.json", in_thread(maps.points)),
            Route("/map/photos.json", in_thread(maps.photos)),
            Route("/cluster/{cluster_id:int}", of_photos(maps.cluster)),
            Route("/quality", of_photos(views.quality)),
            Route("/style.css", views.style),
            Route("/page.js", views.script),
            Route("/map.js", views.script),
            Route("/icon.svg", views.icon),
        ],
        middleware=[
            Middleware(SafeHeaders, _policy(site)),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={PhotoSearchError: explain, HTTPException: explain, Exception: explain},
        max_body_size=LARGEST_UPLOAD,
    )


def _require_photos(site: Site) -> None:
    if site.why_empty:
        raise EmptyCollectionError(site.why_empty)


async def _uploaded(request: Request) -> bytes:
    """The bytes of the one file of the form. Raises HTTPException for any other body."""
    origin = request.headers.get("origin")
    if origin not in (None, "null") and urlsplit(origin).netloc != request.headers["host"]:
        raise HTTPException(HTTPStatus.FORBIDDEN)
    async with request.form(max_files=1, max_fields=0) as form:
        picture = form.get("picture")
        if not isinstance(picture, UploadFile):
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        return await picture.read()


def _policy(site: Site) -> str:
    pictures = f"'self' {PICTURES}" if site.allows_unsplash else "'self'"
    return (
        f"default-src 'none'; img-src {pictures}; style-src 'self'; script-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class SafeHeaders:
    """Adds the headers that keep a browser from doing more than showing the page, and the time."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = 1000 * (time.perf_counter() - started)
                headers = MutableHeaders(scope=message)
                headers.update(self.headers)
                headers.append("Server-Timing", f"page;dur={took:.1f}")
            await send(message)

        await self.app(scope, receive, send_with_headers)
