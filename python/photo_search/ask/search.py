"""One search from the command line: words or a picture in, an answer out."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from photo_search.ask.photos import require_photos
from photo_search.ask.query_encoder import PICTURE_SIDE, QueryEncoder, find_encoder
from photo_search.ask.question import Answer, Question, ask
from photo_search.errors import QuestionError
from photo_search.ingest.embedding.record import EmbeddingRecord, read_record
from photo_search.ingest.thumbnails.decode import decode
from photo_search.warehouse import Project


@dataclass(frozen=True)
class Query:
    """What was searched for: words, or the name of a picture and the picture."""

    text: str
    picture: Image.Image | None = None


@dataclass(frozen=True)
class Found:
    """An answer, what it was asked for, and the record of the vectors."""

    query: Query
    answer: Answer
    record: EmbeddingRecord


def search(project: Project, data: str, text: str | None, image: Path | None, top_k: int) -> Found:
    """Search the target's photos for `text`, or else for what looks like the file `image`.

    Raises QuestionError (not exactly one of the two), PhotoFailure (the file is no usable
    picture), ModelError, EmbeddingVersionError, EmptyCollectionError, WarehouseError, DatasetError.
    """
    if bool(text) == bool(image):
        raise QuestionError('Say what to search for: either words, as in "a bee", or --image FILE.')
    with project.open() as warehouse:
        require_photos(warehouse)
        [row] = warehouse.rows(
            f"select any(embedding_version) as version from {warehouse.relation('photos')}"
        )
        record = read_record(data, row["version"])
        encoder = find_encoder(record)
        query, vector = _embed(encoder, text, image)
        answer = ask(warehouse, Question(vector=vector, top_k=top_k))
    return Found(query, answer, record)


def _embed(
    encoder: QueryEncoder, text: str | None, image: Path | None
) -> tuple[Query, list[float]]:
    if text:
        return Query(text), encoder.text(text)
    assert image
    picture = decode(image.read_bytes(), PICTURE_SIDE)
    return Query(image.name, picture), encoder.image(picture)
