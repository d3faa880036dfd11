"""The pages of the site, drawn by templates from what the views give them."""

from typing import Any, cast
from urllib.parse import quote, urlencode

from jinja2 import Environment
from starlette.responses import HTMLResponse

from photo_search.ask.photos import Photo
from photo_search.ask.question import Answer
from photo_search.draw.kit.environment import page_environment
from photo_search.draw.kit.scale import Scale
from photo_search.draw.page.context import Site
from photo_search.draw.page.controls import BLENDS, CHOICES_OF_TOP_K, ORIENTATIONS, Controls

STYLES = ("style.css", "page.css", "map.css", "quality.css")


def site_environment(site: Site) -> Environment:
    environment = page_environment("photo_search.draw.page")
    environment.globals |= {
        "site": site,
        "photo_address": photo_address,
        "choices_of_top_k": CHOICES_OF_TOP_K,
        "blends": BLENDS,
        "orientations": ORIENTATIONS,
    }
    return environment


def draw_page(environment: Environment, template: str, **shown: Any) -> HTMLResponse:
    return HTMLResponse(environment.get_template(template).render(**shown))


def photo_address(photo_id: str, controls: Controls | None = None) -> str:
    return address(f"/photo/{quote(photo_id)}", controls)


def address(path: str, controls: Controls | None, **more: str) -> str:
    query = urlencode(more | (controls.set if controls else {}))
    return f"{path}?{query}" if query else path


def draw_answer(
    environment: Environment,
    answer: Answer,
    controls: Controls,
    path: str,
    hidden: dict[str, str],
    **query: Any,
) -> HTMLResponse:
    """The page of an answer. `path` and `hidden` say what was searched for, apart from `controls`;
    `query` shows it: a `photo`, a `text` or a `preview`."""
    site = cast(Site, environment.globals["site"])
    photos: list[Photo] = [similar.photo for similar in answer.similar]
    distances = [similar.distance for similar in answer.similar]
    page = draw_page(
        environment,
        "answer.html",
        answer=answer,
        controls=controls,
        path=path,
        hidden=hidden,
        without=lambda name: address(path, controls.without(name), **hidden),
        pictures=site.pictures(photos),
        scale=Scale(max(distances, default=0.0)),
        query={"photo": None, "text": None, "preview": None} | query,
    )
    page.headers["Server-Timing"] = f"query;dur={answer.milliseconds:.1f}"
    return page
