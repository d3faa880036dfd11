"""What each address answers. Views run in worker threads: they may wait for the engine."""

import re
from dataclasses import dataclass

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from photo_search.ask.photos import Photo, read_photos, showcase_ids
from photo_search.ask.quality import read_quality
from photo_search.ask.query_encoder import PICTURE_SIDE
from photo_search.ask.question import Answer, Question, ask
from photo_search.draw.kit.thumbnails import fit_for_pages
from photo_search.draw.page import vectors
from photo_search.draw.page.context import Site, preview_name
from photo_search.draw.page.controls import Controls
from photo_search.draw.page.draw import STYLES, address, draw_answer, draw_page, photo_address
from photo_search.errors import MissingPhotoError, QuestionError
from photo_search.ingest.thumbnails.decode import decode
from photo_search.ingest.thumbnails.formats import media_type
from photo_search.ingest.thumbnails.store import read_kept
from photo_search.photo_id import PHOTO_ID

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}  # named by their content
KEYWORDS_OF_THE_PHOTO = 20


@dataclass(frozen=True)
class Views:
    site: Site
    environment: Environment

    def start(self, request: Request) -> Response:
        ids = showcase_ids(self.site.warehouse)
        found = read_photos(self.site.warehouse, ids)
        photos = [found[photo_id] for photo_id in ids if photo_id in found]
        pictures = self.site.pictures(photos)
        return draw_page(self.environment, "start.html", photos=photos, pictures=pictures)

    def random(self, request: Request) -> Response:
        [row] = self.site.warehouse.rows(self.site.warehouse.compile("random_photo"))
        return RedirectResponse(photo_address(row["photo_id"]), 303)

    def photo(self, request: Request) -> Response:
        photo_id, controls = request.path_params["photo_id"], Controls.read(request.query_params)
        photo = self._read_photo(photo_id)
        answer = self._ask(controls, photo_id=photo_id)
        path = photo_address(photo_id)
        large = self.site.large_picture(photo)
        return draw_answer(self.environment, answer, controls, path, {}, photo=photo, large=large)

    def text(self, request: Request) -> Response:
        controls = Controls.read(request.query_params)
        text = " ".join(request.query_params.get("q", "").split())
        if not text:
            raise QuestionError("Nothing was typed. Say in a few words what the photo shows.")
        answer = self._ask(controls, vector=self.site.encoder.text(text))
        return draw_answer(self.environment, answer, controls, "/text", {"q": text}, text=text)

    def picture(self, request: Request) -> Response:
        controls = Controls.read(request.query_params)
        version, vector = (request.query_params.get(name, "") for name in ("version", "vector"))
        if version != self.site.record.version:
            raise QuestionError(
                f"This address has a vector of embedding version {version}, and the photos "
                f"now have version {self.site.record.version}. Choose the picture again."
            )
        answer = self._ask(controls, vector=vectors.from_text(vector))
        name = preview_name(vector)
        preview = f"/preview/{name}.jpg" if name in self.site.previews else ""
        hidden = {"version": version, "vector": vector}
        return draw_answer(self.environment, answer, controls, "/picture", hidden, preview=preview)

    def upload(self, content: bytes) -> Response:
        """Raises PhotoFailure if the picture cannot be used."""
        image = decode(content, PICTURE_SIDE)
        vector = vectors.to_text(self.site.encoder.image(image))
        self.site.keep_preview(image, vector)
        version = self.site.record.version
        return RedirectResponse(address("/picture", None, version=version, vector=vector), 303)

    def quality(self, request: Request) -> Response:
        quality = read_quality(self.site.warehouse)
        return draw_page(self.environment, "quality.html", quality=quality)

    def thumbnail(self, request: Request) -> Response:
        content = read_kept(self.site.data, request.path_params["sha256"])
        return _picture(content and fit_for_pages(content))

    def preview(self, request: Request) -> Response:
        return _picture(self.site.previews.get(request.path_params["name"]))

    def style(self, request: Request) -> Response:
        texts = (self.environment.get_template(name).render() for name in STYLES)
        return Response("\n".join(texts), media_type="text/css")

    def script(self, request: Request) -> Response:
        text = self.environment.get_template(request.url.path.lstrip("/")).render()
        return Response(text, media_type="text/javascript")

    def icon(self, request: Request) -> Response:
        text = self.environment.get_template("icon.svg").render()
        return Response(text, media_type="image/svg+xml")

    def _ask(self, controls: Controls, **query: object) -> Answer:
        return ask(
            self.site.warehouse,
            Question(
                **query,  # type: ignore[arg-type]
                top_k=controls.top_k,
                filters=controls.filters,
                popularity=controls.popularity / 100,
                exact=controls.exact,
            ),
        )

    def _read_photo(self, photo_id: str) -> Photo:
        if re.fullmatch(PHOTO_ID, photo_id):
            for photo in read_photos(
                self.site.warehouse, [photo_id], KEYWORDS_OF_THE_PHOTO
            ).values():
                return photo
        raise MissingPhotoError(f"No photo here has the id {photo_id}.")


def _picture(content: bytes | None) -> Response:
    """Send a picture as the format of its first bytes, and nothing else."""
    kind = media_type(content or b"")
    if kind is None:
        return Response(status_code=404)
    return Response(content, media_type=kind, headers=FOREVER)
