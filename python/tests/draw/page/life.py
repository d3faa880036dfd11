"""All steps for the page's tests in one process, so that torch and dbt load once: a dataset, its
vectors, `dbt build`, commands that need the database to themselves, and `photo-search serve`.

python life.py FOLDER        # prints what the commands said, as JSON, then what the server says
"""

import csv
import io
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner
from dbt.cli.main import dbtRunner
from PIL import Image

from ingest.embedding.conftest import make_model
from photo_search.cli import main

SAMPLE = Path("sample")
HOSTILE_PHOTO = "--2IBUMsyn1"
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}\u202e\u2066\x1b[31m\\"
HOSTILE_KEYWORD = "\"'><img src=x onerror=alert(1)>\u202e"
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
READ = (
    "photo_clusters",
    "photo_cluster_names",
    "photo_map",
    "search_quality",
    "vector_health",
    "showcase_similar_photos",
)


def live(folder: Path) -> None:
    data = str(folder / "data")
    make_model(folder / "clip")
    write_dataset(folder / "dataset")
    source = ("--photos-from", "sample/thumbnails", "--allow-host", "photos.example")
    places = ("--dataset", str(folder / "dataset"), "--out", data)
    model = ("--model", str(folder / "clip"), "--precision", "float32")
    check(["embed", *places, *source, *model])
    check(["load", "--data", data])
    models = [f"+{model}" for model in READ]
    without = ["--exclude-resource-type", "test", "unit_test"]
    assert dbtRunner().invoke(["build", "--quiet", *without, "--select", *models]).success
    print(json.dumps(outcomes(folder, data)), flush=True)
    main(["serve", "--port", "0", "--data", data])


def check(arguments: list[str]) -> None:
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.output


def write_dataset(folder: Path) -> None:
    """The sample. One photo has hostile text in every field that people can write."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("thumbnails"))
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
    with (folder / "conversions.tsv000").open("r+", newline="") as file:
        columns = file.readline().rstrip("\n").split("\t")
        file.seek(0, io.SEEK_END)
        writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n")
        for number in range(COUNT_KEYWORDS):
            write_download(writer, f"<b>{number}", 0)
        for second in range(1000):  # more than any other keyword, so it names the cluster
            write_download(writer, HOSTILE_KEYWORD, second)


def write_download(writer: "csv.DictWriter[str]", keyword: str, second: int) -> None:
    converted_at = f"2025-03-02 11:{second // 60:02}:{second % 60:02}"
    row = {"photo_id": HOSTILE_PHOTO, "keyword": keyword, "converted_at": converted_at}
    writer.writerow(row)


def outcomes(folder: Path, data: str) -> dict[str, tuple[int, str]]:
    """The exit code of each command, and what it printed or why it failed."""
    write_old(folder / "data" / "photos.parquet", folder / "old.parquet")
    Image.new("RGB", (64, 64), "red").save(folder / "red.png")
    (folder / "bad.jpg").write_bytes(b"<script>")
    search, compare = ["search", "--data", data], ["gallery", "--data", data, "--compare"]
    commands = {
        "words": [*search, "a red photo", "--json", "--top-k", "5"],
        "table": [*search, "a red photo"],
        "image": [*search, "--image", f"{folder}/red.png", "--html", f"{folder}/red.html"],
        "bad image": [*search, "--image", f"{folder}/bad.jpg"],
        "nothing": search,
        "no record": ["search", "red", "--data", f"{folder}/nowhere"],
        "compare": [*compare, f"{folder}/old.parquet", "--out", f"{folder}/changed.html"],
        "bad compare": [*compare, f"{folder}/bad.jpg"],
        "gallery": ["gallery", "--data", data, "--out", f"{folder}/gallery.html"],
        "no tables": ["gallery", "--out", f"{folder}/never.html"],
    }
    empty = {"no tables": {"PHOTO_SEARCH_CHDB_PATH": f"{folder}/empty"}}
    said = {
        name: CliRunner().invoke(main, arguments, env=empty.get(name))
        for name, arguments in commands.items()
    }
    return {
        name: (outcome.exit_code, outcome.stderr if outcome.exit_code else outcome.stdout)
        for name, outcome in said.items()
    }


def write_old(new: Path, old: Path) -> None:
    """The same table. The vectors of the first ten photos point the opposite way."""
    table = pq.read_table(new)
    vectors = table["photo_embed"].to_pylist()
    vectors[:10] = [[-number for number in vector] for vector in vectors[:10]]
    column = pa.array(vectors, table.schema.field("photo_embed").type)
    position = table.schema.get_field_index("photo_embed")
    pq.write_table(table.set_column(position, table.schema.field("photo_embed"), column), old)


if __name__ == "__main__":
    live(Path(sys.argv[1]))
