"""What all chunks of a run share."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from photo_search.ingest.embedding.device import best_device, choose_precision
from photo_search.ingest.embedding.models import ModelFiles, find_model
from photo_search.ingest.embedding.version import DEMO_MODEL, EmbeddingSpec
from photo_search.ingest.thumbnails.download import (
    THUMBNAIL,
    FolderSource,
    HttpLimits,
    HttpSource,
    Source,
)


@dataclass(frozen=True)
class Job:
    """How photos are fetched and embedded, and where to. It can be sent to another machine."""

    out: str
    model: ModelFiles
    spec: EmbeddingSpec
    open_source: Callable[[], Source]
    connections: int = 16
    processes: int = 0  # that decode; 0: threads of this process


def make_job(
    *,
    out: str,
    model: str,
    revision: str | None,
    precision: str,
    backend: str,
    thumbnail: Mapping[str, str] = THUMBNAIL,
    photos_from: Path | None,
    limits: HttpLimits,
) -> Job:
    """The job for these settings, without loading the model. Raises ModelError."""
    files = find_model(model, revision)
    spec = files.spec(thumbnail, choose_precision(precision, files), backend)
    processes = 0 if model == DEMO_MODEL or best_device() == "cpu" else os.cpu_count() or 1
    if photos_from:
        source: Callable[[], Source] = partial(FolderSource, photos_from, limits.hosts)
    else:
        source = partial(HttpSource, limits)
    return Job(out, files, spec, source, limits.connections, processes)
