"""The map of all photos: points for its script, a picture for those without, clusters as lists."""

import re
from dataclasses import dataclass

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from photo_search.ask.clusters import PAGE, read_cluster_page, read_map
from photo_search.ask.photos import MOST_AT_ONCE, read_photos
from photo_search.draw.kit.environment import seen
from photo_search.draw.page.context import Site
from photo_search.draw.page.draw import draw_page
from photo_search.errors import QuestionError
from photo_search.photo_id import PHOTO_ID

PICTURE_SIDE = 1024  # of the picture without script, in its own units


@dataclass(frozen=True)
class MapViews:
    site: Site
    environment: Environment

    def map(self, request: Request) -> Response:
        """`?photo=` or `?cluster=` says what to look at first."""
        clusters = read_map(self.site.warehouse)
        photo_id, cluster_id = (request.query_params.get(n, "") for n in ("photo", "cluster"))
        return draw_page(
            self.environment,
            "map.html",
            clusters=clusters,
            photo_id=photo_id,
            cluster_id=cluster_id,
            is_missing=bool(photo_id) and not any(photo_id in c.photo_ids for c in clusters),
            most_at_once=MOST_AT_ONCE,
        )

    def points(self, request: Request) -> Response:
        """Every photo's place, cluster by cluster."""
        return JSONResponse(
            [
                {
                    "id": cluster.cluster_id,
                    "name": seen(cluster.cluster_name),
                    "colour": cluster.colour,
                    "photos": cluster.photo_ids,
                    "x": cluster.xs,
                    "y": cluster.ys,
                }
                for cluster in read_map(self.site.warehouse)
            ]
        )

    def photos(self, request: Request) -> Response:
        """Picture, size and description of the named photos, for the map."""
        ids = request.query_params.getlist("photo")
        if len(ids) > MOST_AT_ONCE or not all(re.fullmatch(PHOTO_ID, i) for i in ids):
            raise QuestionError(f"`photo` must be at most {MOST_AT_ONCE} ids of photos.")
        photos = read_photos(self.site.warehouse, ids)
        pictures = self.site.pictures(photos.values())
        return JSONResponse(
            {
                photo_id: {
                    "picture": pictures.get(photo_id),
                    "size": photo.shown_size,
                    "description": seen(photo.description),
                }
                for photo_id, photo in photos.items()
            }
        )

    def picture(self, request: Request) -> Response:
        text = self.environment.get_template("map.svg").render(
            clusters=read_map(self.site.warehouse),
            photo_id=request.query_params.get("photo"),
            shrink=65535 / PICTURE_SIDE,
        )
        return Response(text, media_type="image/svg+xml")

    def cluster(self, request: Request) -> Response:
        skip = request.query_params.get("skip", "0")
        if not re.fullmatch("[0-9]{1,9}", skip):
            raise QuestionError(f"`skip` must be a whole number. Got: {skip[:20]}")
        cluster = read_cluster_page(
            self.site.warehouse, request.path_params["cluster_id"], int(skip)
        )
        if cluster is None:
            raise HTTPException(404)
        pictures = self.site.pictures(cluster.photos)
        return draw_page(
            self.environment, "cluster.html", cluster=cluster, pictures=pictures, page=PAGE
        )
