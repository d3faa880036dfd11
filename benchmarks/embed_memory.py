"""Memory of a run. `embed_memory.py photos|conversions COUNT FOLDER` prints a JSON object.

A script of its own, so that a process holds only what a run holds.
"""

import io
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from PIL import Image

from photo_search.ingest.dataset.shapes import CONVERSIONS
from photo_search.ingest.embedding.encoder import DIMENSION
from photo_search.ingest.pipeline import chunk
from photo_search.ingest.pipeline.conversions import write_conversions
from photo_search.ingest.pipeline.embed import Options, run_embed
from photo_search.ingest.pipeline.job import make_job
from photo_search.ingest.thumbnails.download import Fetched, HttpLimits
from photo_search.storage import Folder

ROWS_AT_A_TIME = 100_000


class RepeatingEncoder:
    """Runs the model on one batch and repeats the answer: 100,000 photos take minutes."""

    def __init__(self, encoder: Any) -> None:
        self.encoder, self.batch_size = encoder, encoder.batch_size
        self.vectors = np.empty((0, DIMENSION), np.float32)

    def __call__(self, pixels: Any) -> Any:
        if len(self.vectors) < len(pixels):
            self.vectors = self.encoder(pixels)
        return self.vectors[: len(pixels)]


def make_photos(count: int, dataset: Path) -> None:
    if not (dataset.parent / "model").exists():
        from embed import make_model

        make_model(dataset.parent / "model")
    urls = (f"p{n}\thttps://images.unsplash.com/photo-{n:032}\n" for n in range(count))
    (dataset / "photos.tsv000").write_text("photo_id\tphoto_image_url\n" + "".join(urls))
    (dataset / "conversions.tsv000").write_text("photo_id\tkeyword\n")


def embed_photos(dataset: Path, out: Path) -> None:
    """A complete run, with one thumbnail for all photos."""
    # imported here because conversions need no torch
    from photo_search.ingest.embedding.clip import load_encoder

    file = io.BytesIO()
    Image.effect_noise((200, 133), 64).convert("RGB").save(file, "JPEG", quality=75)
    job = make_job(
        out=str(out),
        model=str(dataset.parent / "model"),
        revision=None,
        precision="auto",
        backend="torch",
        photos_from=None,
        limits=HttpLimits(),
    )
    encoder = RepeatingEncoder(load_encoder(job.model, job.spec.precision, "torch"))
    chunk._encoder = lambda *_: encoder  # type: ignore[assignment]
    fetched = Fetched(file.getvalue(), attempts=1)
    run_embed(replace(job, open_source=lambda: lambda url: fetched), Options(dataset))


def make_conversions(count: int, dataset: Path) -> None:
    """Write two files in the shape of release 1.4, with keywords as skewed as in real data."""
    random = np.random.default_rng(0)
    words = np.array([f"keyword {number}" for number in range(5000)])
    schema = pa.schema(dict.fromkeys(CONVERSIONS.columns, pa.string()))
    options = pacsv.WriteOptions(delimiter="\t", quoting_style="needed")
    for part in range(2):
        path = dataset / f"conversions.tsv00{part}"
        with pacsv.CSVWriter(path, schema, write_options=options) as writer:
            for start in range(0, count // 2, ROWS_AT_A_TIME):
                rows = min(ROWS_AT_A_TIME, count // 2 - start)
                same = {
                    "converted_at": "2025-03-02 11:20:31.123",
                    "conversion_type": "download",
                    "conversion_country": "US",
                    "device_type": "desktop",
                    "search_orientation_filter": "all",
                    "search_ordering": "popular",
                }
                columns = {name: [value] * rows for name, value in same.items()} | {
                    "keyword": words[random.zipf(1.3, rows) % len(words)],
                    "photo_id": np.char.mod("photo-%05d", random.integers(0, 25_000, rows)),
                    "anonymous_user_id": np.char.mod(
                        "%08x-0000-4000-8000-000000000000", np.arange(rows)
                    ),
                }
                writer.write_table(pa.table({name: columns[name] for name in schema.names}))


def peak_megabytes() -> float:
    """The highest memory of this process so far, from the kernel (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main() -> None:
    case, count, work = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    dataset, out = work / f"{case}-{count}", work / f"{case}-{count}-out"
    if not dataset.exists():  # made in another process, whose memory does not count
        dataset.mkdir()
        {"photos": make_photos, "conversions": make_conversions}[case](count, dataset)
        os.execv(sys.executable, [sys.executable, *sys.argv])
    start = time.perf_counter()
    if case == "photos":
        embed_photos(dataset, out)
    else:
        write_conversions(dataset, Folder(str(out)))
    print(json.dumps({"seconds": time.perf_counter() - start, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main()
