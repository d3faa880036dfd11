import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from photo_search.ingest.pipeline.embed import Options, Summary, run_embed
from photo_search.ingest.pipeline.job import Job, make_job
from photo_search.ingest.thumbnails.download import HttpLimits
from photo_server import PhotoServer, serve_photos

LIMITS = HttpLimits(hosts=frozenset({"127.0.0.1"}), allow_private=True, rate=1e6, deadline=5)


def jpeg(seed: int) -> bytes:
    """A picture unlike any other, 200 pixels wide."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(blocks).resize((200, 150)).save(file, "JPEG", quality=75)
    return file.getvalue()


def write_dataset(folder: Path, photos: Iterable[tuple[str, str]], *conversions: str) -> Path:
    folder.mkdir(exist_ok=True)
    lines = ["photo_id\tphoto_image_url", *(f"{photo_id}\t{url}" for photo_id, url in photos)]
    (folder / "photos.tsv000").write_text("\n".join(lines) + "\n")
    lines = ["photo_id\tkeyword", *(conversions or ["p000\tbee"])]
    (folder / "conversions.tsv000").write_text("\n".join(lines) + "\n")
    return folder


@dataclass
class World:
    """A server with photos p000, p001, …, and an output folder."""

    server: PhotoServer
    folder: Path
    limits: HttpLimits = LIMITS
    photos: dict[str, str] = field(default_factory=dict)

    def add(self, *numbers: int) -> None:
        for number in numbers:
            path = f"/p{number:03}"
            self.photos[path[1:]] = self.server.set_body(path, jpeg(number))

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def job(self, **changes: Any) -> Job:
        settings = {"out": str(self.out), "model": "demo", "limits": self.limits, **changes}
        return make_job(
            revision=None, precision="auto", backend="torch", photos_from=None, **settings
        )

    def run(self, job: Job | None = None, **options: Any) -> Summary:
        dataset = write_dataset(self.folder / "dataset", self.photos.items())
        options = {"max_failure_rate": 1.0, **options}
        return run_embed(job or self.job(), Options(dataset, **options))

    def read(self, name: str = "photos") -> pa.Table:
        return pq.read_table(self.out / f"{name}.parquet")

    def vectors(self) -> dict[str, list[float]]:
        table = self.read()
        return dict(
            zip(table["photo_id"].to_pylist(), table["photo_embed"].to_pylist(), strict=True)
        )

    def failures(self) -> dict[str, str]:
        table = self.read("photo_failures")
        return dict(zip(table["photo_id"].to_pylist(), table["reason"].to_pylist(), strict=True))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serve_photos() as server:
        yield World(server, tmp_path)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Use one thread each. Tests run at the same time and would slow each other down."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use chunks of 32 photos, so that a few photos are many chunks, and short waits."""
    monkeypatch.setattr("photo_search.ingest.pipeline.chunk.SLICE_BATCHES", 1)
    monkeypatch.setattr("photo_search.ingest.thumbnails.download.FIRST_BACKOFF", 0.001)


def folder_job(photos: Path, out: Path, **changes: Any) -> Job:
    """A job that reads photos from a folder."""
    job = make_job(
        out=str(out),
        model="demo",
        revision=None,
        precision="auto",
        backend="torch",
        photos_from=photos,
        limits=replace(LIMITS, hosts=frozenset({"photos.example"})),
    )
    return replace(job, **changes)


def write_folder(folder: Path, count: int) -> tuple[Path, Path]:
    """A dataset of `count` photos, of which one in ten is missing, and the folder of its
    thumbnails.
    """
    thumbnails = folder / "thumbnails"
    thumbnails.mkdir()
    for number in range(count):
        if number % 10 != 3:
            (thumbnails / f"p{number:03}.jpg").write_bytes(jpeg(number))
    urls = {f"p{n:03}": f"https://photos.example/p{n:03}" for n in range(count)}
    return write_dataset(folder / "dataset", urls.items()), thumbnails
