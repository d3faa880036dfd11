"""How fast photos become vectors, compared with the notebook's loop and the processor's limit.

    python benchmarks/embed.py    # about ten minutes on two cores

Everything is measured in one run, on the same photos and weights. The variants take turns. Ratios
are medians of the rounds' ratios. The model is CLIP ViT-B/32 with weights from a seed: as fast
as the trained one.
"""

import argparse
import io
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import requests
import torch
import transformers
from PIL import Image, ImageOps

from photo_search.ingest.embedding.clip import load_encoder
from photo_search.ingest.embedding.models import find_model
from photo_search.ingest.pipeline import chunk
from photo_search.ingest.pipeline.embed import Options, run_embed
from photo_search.ingest.pipeline.job import Job, make_job
from photo_search.ingest.thumbnails.download import Fetched, HttpLimits

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "python" / "tests"))
from photo_server import serve_photos  # noqa: E402

FLOP_PER_PHOTO = 8.82e9  # image tower and projection of ViT-B/32, two per multiplication
Processor = getattr(transformers, "CLIPImageProcessorPil", transformers.CLIPImageProcessor)
LATENCY = 0.1  # seconds until the server answers


# ---------- what is compared


def notebook_loop(
    photos: list[tuple[str, str]], open_image: Callable[[str], Any], model: Any, out: Path
) -> None:
    """The loop of the notebook: one photo at a time, then a data frame, then Parquet."""
    processor = Processor()

    def extract_image_features(image: Image.Image) -> list[float]:
        inputs = processor(images=image, return_tensors="pt")
        with torch.no_grad():
            outputs = model.get_image_features(**inputs)
            outputs = getattr(outputs, "pooler_output", outputs)  # adapted to transformers 5
            outputs = outputs / outputs.norm(dim=-1, keepdim=True)
        return outputs.squeeze(0).tolist()

    frame = pd.DataFrame(photos, columns=["photo_id", "photo_image_url"])
    frame["photo_embed"] = None
    frame["photo_embed"] = frame["photo_embed"].astype(object)
    for i, row in frame.iterrows():
        url = row["photo_image_url"] + "?q=75&fm=jpg&w=200&fit=max"
        frame.at[i, "photo_embed"] = extract_image_features(Image.open(open_image(url)))
    pq.write_table(pa.Table.from_pandas(frame), out)


class MemorySource:
    """Thumbnails in memory."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        self._bodies = bodies

    def __call__(self, url: str) -> Fetched:
        return Fetched(self._bodies[url.partition("?")[0]], attempts=1)


class TimedEncoder:
    """An encoder that adds up the seconds in which it computes."""

    def __init__(self, encoder: Any) -> None:
        self.encoder, self.batch_size, self.seconds = encoder, encoder.batch_size, 0.0

    def __call__(self, pixels: Any) -> Any:
        start = time.perf_counter()
        vectors = self.encoder(pixels)
        self.seconds += time.perf_counter() - start
        return vectors


@dataclass(frozen=True)
class Rate:
    """Photos per second of one variant in one round, and the share of time in the model."""

    photos_per_second: float
    in_model: float = 1.0


def run_ours(job: Job, dataset: Path, encoder: TimedEncoder, count: int) -> Rate:
    encoder.seconds = 0.0
    chunk._encoder = lambda *_: encoder  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        run_embed(replace(job, out=out), Options(dataset))
        seconds = time.perf_counter() - start
    return Rate(count / seconds, encoder.seconds / seconds)


def run_notebook(
    photos: list[tuple[str, str]], open_image: Callable[[str], Any], model: Any
) -> Rate:
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        notebook_loop(photos, open_image, model, Path(out) / "photos.parquet")
        return Rate(len(photos) / (time.perf_counter() - start))


def gemm_peak() -> float:
    """FLOP per second in bfloat16: the best rate of one thread for a large product, times all
    cores.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    left = torch.randn(2048, 2048).bfloat16()
    best = 0.0
    for _ in range(6):
        start = time.perf_counter()
        left @ left
        best = max(best, 2 * 2048**3 / (time.perf_counter() - start))
    torch.set_num_threads(threads)
    return best * threads


# ---------- what it is measured on


def make_model(folder: Path) -> transformers.CLIPModel:
    """CLIP ViT-B/32 with weights from a seed, as large and as fast as the trained one."""
    torch.manual_seed(0)
    model = transformers.CLIPModel(transformers.CLIPConfig()).eval()
    model.save_pretrained(folder)
    Processor().save_pretrained(folder)
    return model


def make_thumbnails(count: int) -> list[bytes]:
    """The sample's thumbnails, and then mirrored copies of them."""
    files = sorted((REPOSITORY / "sample" / "thumbnails").glob("*.jpg"))
    bodies = []
    for number, file in enumerate(islice(cycle(files), 2 * count)):
        try:
            image = Image.open(file).convert("RGB")
        except OSError:  # one thumbnail of the sample is broken on purpose
            continue
        buffer = io.BytesIO()
        (ImageOps.mirror(image) if number >= len(files) else image).save(buffer, "JPEG", quality=75)
        bodies.append(buffer.getvalue())
        if len(bodies) == count:
            return bodies
    raise SystemExit("sample/thumbnails is empty")


@contextmanager
def served(bodies: list[bytes]) -> Iterator[list[str]]:
    """URLs of these bodies on a server in its own process, like a real one."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(bodies, theirs))
    process.start()
    yield ours.recv()
    ours.send("stop")
    process.join()


def serve(bodies: list[bytes], connection: Any) -> None:
    with serve_photos() as server:
        server.latency = LATENCY
        connection.send([server.set_body(f"/p{n}", body) for n, body in enumerate(bodies)])
        connection.recv()


def write_dataset(folder: Path, photos: list[tuple[str, str]]) -> Path:
    folder.mkdir()
    lines = ["photo_id\tphoto_image_url", *map("\t".join, photos)]
    (folder / "photos.tsv000").write_text("\n".join(lines) + "\n")
    (folder / "conversions.tsv000").write_text("photo_id\tkeyword\n")
    return folder


# ---------- speed


def measure_speed(work: Path, count: int, some: int, rounds: int) -> dict[str, list[Rate]]:
    """Rates by variant, one per round. The notebook's loop takes only `some` of the photos."""
    model = make_model(work / "model")
    files = find_model(str(work / "model"))
    bodies = make_thumbnails(count)
    with served(bodies) as urls:
        photos = [(f"p{n}", url) for n, url in enumerate(urls)]
        memory = dict(zip(urls, bodies, strict=True))
        dataset = write_dataset(work / "speed", photos)
        limits = HttpLimits(
            hosts=frozenset({"127.0.0.1"}), allow_private=True, rate=1000.0, connections=16
        )
        settings = {"model": files.name, "revision": None, "precision": "auto", "limits": limits}
        http_job = make_job(out="", backend="torch", photos_from=None, **settings)
        memory_job = replace(http_job, open_source=partial(MemorySource, memory))
        encoders = {"torch": TimedEncoder(load_encoder(files, http_job.spec.precision, "torch"))}
        if openvino_is_installed():
            encoders["openvino"] = TimedEncoder(
                load_encoder(files, http_job.spec.precision, "openvino")
            )
        best = list(encoders)[-1]
        warm_up = np.zeros((256, 224, 224, 3), np.uint8)
        for encoder in encoders.values():
            encoder(warm_up[: encoder.batch_size])

        def from_memory(url: str) -> io.BytesIO:
            return io.BytesIO(memory[url.partition("?")[0]])

        def from_server(url: str) -> Any:
            return requests.get(url, stream=True).raw

        found: dict[str, list[Rate]] = {}
        for _ in range(rounds):
            add(found, "limit", Rate(gemm_peak() / FLOP_PER_PHOTO))
            add(found, "notebook", run_notebook(photos[:some], from_memory, model))
            for name, encoder in encoders.items():
                add(found, name, run_ours(memory_job, dataset, encoder, count))
            add(found, "notebook http", run_notebook(photos[:some], from_server, model))
            add(found, "http", run_ours(http_job, dataset, encoders[best], count))
    return found


def add(found: dict[str, list[Rate]], name: str, value: Rate) -> None:
    found.setdefault(name, []).append(value)
    print(f"{name}: {value.photos_per_second:.1f} photos/s", file=sys.stderr)


def openvino_is_installed() -> bool:
    try:
        import openvino  # noqa: F401
    except ImportError:
        return False
    return True


# ---------- memory, each case in a process of its own


def measure_case(case: str, count: int, work: Path) -> dict[str, float]:
    """Seconds and peak megabytes of a case of embed_memory.py in a new process."""
    script = Path(__file__).with_name("embed_memory.py")
    command = [sys.executable, str(script), case, str(count), str(work)]
    answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print(f"{case} {count}: {answer}", file=sys.stderr)
    return {"count": count, **answer}


# ---------- the table


def report(speed: dict[str, list[Rate]], memory: dict[str, dict[str, float]]) -> str:
    def per_round(name: str, base: str) -> float:
        """The median over the rounds of the ratio of two rates of the same round."""
        pairs = zip(speed[name], speed[base], strict=True)
        return median(ours.photos_per_second / other.photos_per_second for ours, other in pairs)

    best = "openvino" if "openvino" in speed else "torch"
    in_model = median(rate.in_model for rate in speed[best])
    small, large, conversions = (memory[case] for case in ("small", "large", "conversions"))
    millions = conversions["count"] / 1e6
    ratio = per_round("torch", "notebook")
    rows = [("torch, memory to Parquet, over the notebook's loop", ratio, "3.3 x")]
    if best == "openvino":
        rows.append(("OpenVINO, likewise", per_round("openvino", "notebook"), "4.2 x"))
    rows.append(("torch, share of the bf16 limit", 100 * per_round("torch", "limit"), "70 %"))
    if best == "openvino":
        rows.append(("OpenVINO, likewise", 100 * per_round("openvino", "limit"), "85 %"))
    http = per_round("http", "notebook http")
    more = 100 * (large["megabytes"] / small["megabytes"] - 1)
    rows += [
        (f"HTTP, 100 ms latency ({best}), over the notebook's loop", http, "7 x"),
        (f"time not spent in the model ({best})", 100 * (1 - in_model), "at most 10 %"),
        (f"memory of {large['count']:.0f} photos over {small['count']:.0f}", more, "at most 10 %"),
        (f"memory of {millions} million conversions", conversions["megabytes"], "at most 500 MB"),
        (f"time of {millions} million conversions", conversions["seconds"], "minutes, in s"),
    ]
    lines = ["| what | measured | aim |", "|---|---|---|"]
    lines += [f"| {what} | {value:.1f} | {aim} |" for what, value, aim in rows]
    lines += ["", "| photos a second | median | rounds |", "|---|---|---|"]
    for name, rates in speed.items():
        rounds = [rate.photos_per_second for rate in rates]
        lines.append(f"| {name} | {median(rounds):.1f} | {', '.join(f'{r:.1f}' for r in rounds)} |")
    return "\n".join(lines)


def machine() -> str:
    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    versions = {"Python": platform.python_version(), "torch": torch.__version__}
    versions["transformers"] = transformers.__version__
    listed = ", ".join(f"{key} {value}" for key, value in versions.items())
    load = os.getloadavg()[0]
    return f"{name}, {os.cpu_count()} cores, {listed}; load average at the end {load:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="does it run at all?")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        speed = measure_speed(work, *((64, 4, 1) if quick else (512, 48, 3)))
        memory = {
            "small": measure_case("photos", 1000, work),
            "large": measure_case("photos", 2000 if quick else 100_000, work),
            "conversions": measure_case("conversions", 100_000 if quick else 12_000_000, work),
        }
    text = f"# `python benchmarks/embed.py`\n\n{machine()}\n\n{report(speed, memory)}\n"
    print(text)
    if not quick:
        (REPOSITORY / "benchmarks" / "results" / "embed.md").write_text(text)


if __name__ == "__main__":
    main()
