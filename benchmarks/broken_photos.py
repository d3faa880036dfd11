"""How many photos per second are fetched while a share of them always fails with 503.

    python benchmarks/broken_photos.py    # about two and a half minutes

A server on this machine answers after 20 ms. Which photos are broken is drawn from a seed. Photos
are fetched with the default connections and rate of `photo-search embed`. They are not decoded or
embedded, so only the network is measured.
"""

import argparse
import random
import sys
import time
from pathlib import Path

from photo_search.ingest.pipeline.job import make_job
from photo_search.ingest.pipeline.prepare import PhotoToEmbed, fetched
from photo_search.ingest.thumbnails.download import HttpLimits

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "python" / "tests"))
from photo_server import serve_photos  # noqa: E402

SHARES = (0.0, 0.005, 0.02, 0.1)
LATENCY = 0.02  # seconds


def measure(count: int, share: float, rate: float) -> tuple[int, int, float]:
    """The number of broken photos, the requests, and the seconds to fetch all photos."""
    limits = HttpLimits(hosts=frozenset({"127.0.0.1"}), allow_private=True, rate=rate)
    job = make_job(
        out="",
        model="demo",
        revision=None,
        precision="auto",
        backend="torch",
        photos_from=None,
        limits=limits,
    )
    broken = set(random.Random(0).sample(range(count), round(share * count)))
    with serve_photos() as server:
        server.latency = LATENCY
        server.default = lambda request: request.send(200, bytes(10_000))
        for number in broken:
            server.set(f"/{number}", lambda request: request.send(503))
        photos = [PhotoToEmbed(f"p{number}", f"{server.url}/{number}") for number in range(count)]
        start = time.perf_counter()
        with fetched(job, photos, ahead=128) as thumbnails:
            good = 0
            while taken := thumbnails.take(32):
                good += sum(thumbnail.content is not None for thumbnail in taken)
        seconds = time.perf_counter() - start
        assert good == count - len(broken)
        return len(broken), server.requests.total(), seconds


def report(count: int, rate: float) -> str:
    lines = [
        "# What broken photos cost",
        "",
        f"`python benchmarks/broken_photos.py --photos {count} --rate {rate:g}` measures this. "
        "The server answers 503 to every request for",
        "a broken photo, and `photo-search embed` asks four times. "
        f"The server answers after {LATENCY * 1000:g} ms.",
        "",
        "| broken photos | requests | seconds | photos a second | of a run without |",
        "|---|---|---|---|---|",
    ]
    fastest = 0.0
    for share in SHARES:
        broken, requests, seconds = measure(count, share, rate)
        fastest = fastest or count / seconds
        lines.append(
            f"| {broken} ({share:.1%}) | {requests} | {seconds:.1f} | {count / seconds:.1f} | "
            f"{count / seconds / fastest:.0%} |"
        )
        print(lines[-1], file=sys.stderr)
    lines += [
        "",
        "Later attempts count for the rate too, so each broken photo costs three more requests. "
        "The rest of the time is the wait",
        "for the last attempts at the end of the run, up to five seconds.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=1500)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    text = report(arguments.photos, arguments.rate)
    (arguments.results / "broken_photos.md").write_text(text)
    print(text)
