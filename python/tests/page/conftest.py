"""One database and one running server for all tests of the page.

The sample photos, embedded with a small CLIP that can read; one of them has hostile text wherever
people may write, an id that starts with hyphens, and was found by 100,000 different keywords.
"""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from browser import chromium  # noqa: F401 (a fixture)
from dbt_process import REPOSITORY, DbtProcess, Outcome
from embedding.conftest import make_model

HOSTILE_PHOTO = "--2IBUMsyn1"
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}\u202e\u2066\x1b[31m\\"
TYPED = [
    "photo_description",
    "photographer_username",
    "photographer_first_name",
    "photographer_last_name",
    "exif_camera_make",
    "exif_camera_model",
    "exif_aperture_value",
    "exif_focal_length",
    "exif_exposure_time",
    "photo_location_name",
    "photo_location_country",
    "photo_location_city",
    "ai_description",
    "ai_primary_landmark_name",
    "blur_hash",
]
COUNT_KEYWORDS = 100_000


RUN_ALL = """
import json, sys
from click.testing import CliRunner
from photo_search.cli import main
outcomes = [CliRunner().invoke(main, arguments) for arguments in json.loads(sys.argv[1])]
print(json.dumps([[outcome.exit_code, outcome.stdout, outcome.stderr] for outcome in outcomes]))
"""


@dataclass(frozen=True)
class Site:
    """A running server, and what commands said before it took the database."""

    address: str
    commands: dict[str, Outcome]
    folder: Path
    dbt: DbtProcess

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def __truediv__(self, path: str) -> str:
        return self.address.rstrip("/") + path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("page")
    make_model(folder / "clip")
    _write_dataset(folder / "dataset")
    dbt = DbtProcess(folder)
    source = ("--photos-from", "sample/thumbnails", "--allow-host", "photos.example")
    places = ("--dataset", str(folder / "dataset"), "--out", str(folder / "data"))
    model = ("--model", str(folder / "clip"), "--precision", "float32")
    dbt.photo_search("embed", *places, *source, *model).check()
    dbt.photo_search("load", "--data", str(folder / "data")).check()
    dbt.cold("build", "--quiet", "--exclude-resource-type", "test", "unit_test").check()
    commands = _run_commands(dbt, folder)
    serving = dbt.start("photo-search", "serve", "--port", "0", "--data", str(folder / "data"))
    assert serving.stdout
    line = serving.stdout.readline()
    assert "The search page is at http://127.0.0.1:" in line, line + serving.stdout.read()
    yield Site(line.split()[5], commands, folder, dbt)
    serving.terminate()
    rest, _ = serving.communicate(timeout=20)
    assert "Traceback" not in rest, rest


def _write_dataset(folder: Path) -> None:
    shutil.copytree(REPOSITORY / "sample", folder, ignore=shutil.ignore_patterns("thumbnails"))
    photos = folder / "photos.tsv000"
    with photos.open(newline="") as file:
        reader = csv.DictReader(file, delimiter="\t")
        rows, names = list(reader), list(reader.fieldnames or ())
    for row in rows:
        if row["photo_id"] == HOSTILE_PHOTO:
            row.update(dict.fromkeys(TYPED, HOSTILE), photo_url=f"javascript:alert('{HOSTILE}')")
    with photos.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    conversions = folder / "conversions.tsv000"
    with conversions.open() as file:
        columns = file.readline().rstrip("\n").split("\t")
    with conversions.open("a") as file:
        for number in range(COUNT_KEYWORDS):
            row = {
                "photo_id": HOSTILE_PHOTO,
                "keyword": f"<b>{number}",
                "converted_at": "2025-03-02 11:20:31",
            }
            file.write("\t".join(row.get(column, "") for column in columns) + "\n")


def _run_commands(dbt: DbtProcess, folder: Path) -> dict[str, Outcome]:
    """Commands that need the database to themselves, one after another in one process."""
    old = folder / "old.parquet"
    _write_old(folder / "data" / "photos.parquet", old)
    Image.new("RGB", (64, 64), "red").save(folder / "red.png")
    (folder / "bad.jpg").write_bytes(b"<script>")
    commands = {
        "words": ["search", "a red photo", "--json", "--top-k", "5"],
        "table": ["search", "a red photo"],
        "image": ["search", "--image", str(folder / "red.png"), "--html", str(folder / "red.html")],
        "bad image": ["search", "--image", str(folder / "bad.jpg")],
        "nothing": ["search"],
        "no record": ["search", "red", "--data", str(folder / "nowhere")],
        "compare": ["gallery", "--compare", str(old), "--out", str(folder / "changed.html")],
        "bad compare": ["gallery", "--compare", str(folder / "bad.jpg")],
    }
    data = ["--data", str(folder / "data")]
    given = [
        [*arguments, *(data if "--data" not in arguments else [])]
        for arguments in commands.values()
    ]
    printed = subprocess.run(
        [sys.executable, "-c", RUN_ALL, json.dumps(given)],
        cwd=REPOSITORY,
        env=dbt.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    outcomes = json.loads(printed.splitlines()[-1])
    return {
        name: Outcome(exit_code, stdout if exit_code == 0 else stderr)
        for name, (exit_code, stdout, stderr) in zip(commands, outcomes, strict=True)
    }


def _write_old(new: Path, old: Path) -> None:
    """The same table with the vectors of the first ten photos turned round."""
    table = pq.read_table(new)
    vectors = table["photo_embed"].to_pylist()
    vectors[:10] = [[-number for number in vector] for vector in vectors[:10]]
    column = pa.array(vectors, table.schema.field("photo_embed").type)
    position = table.schema.get_field_index("photo_embed")
    pq.write_table(table.set_column(position, table.schema.field("photo_embed"), column), old)
