"""The notebook runs from top to bottom, asks the questions, and shows the photos."""

import hashlib
import importlib.util
import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from demo import Demo
from photo_search.warehouse import Project
from warm_project import REPOSITORY

NOTEBOOK = REPOSITORY / "notebooks" / "similar_photos.py"


def run_notebook(file: Path, data: str) -> dict[str, Any]:
    """The answers of a notebook, and the hashes of the pictures that each cell shows."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec
    assert spec.loader
    notebook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebook)
    with Project(file.parents[1]).open() as warehouse:
        project = {"folder": file.parents[1], "data": data, "opened": None, "warehouse": warehouse}
        outputs, values = notebook.app.run(defs=project)
    return {
        "chosen": values["chosen"].value,
        "similar": values["similar"],
        "keywords": values["keywords"],
        "found": values["found"],
        "pictures": [shown for output in outputs if (shown := _pictures(output))],
    }


def _pictures(output: object) -> list[str]:
    contents = re.findall("<img src='data:[^,]+,([^']*)'", getattr(output, "text", ""))
    return [hashlib.sha256(b64decode(content)).hexdigest() for content in contents]


def test_the_notebook_answers_as_the_questions_do_and_shows_a_picture_of_each_photo(
    demo: Demo,
) -> None:
    answers = demo.dbt.call(run_notebook, NOTEBOOK, str(demo.data))
    keyword = answers["keywords"][0]["keyword"]
    for name, question, arguments in (
        ("similar", "photo_conversions", {"photo_id": answers["chosen"]}),
        ("keywords", "popular_keywords", {"photo_id": answers["chosen"]}),
        ("found", "photos_for_keyword", {"keyword": keyword, "top_k": 6}),
    ):
        asked = demo.dbt.run(
            *("--quiet", "run-operation", question),
            *("--args", json.dumps(arguments | {"output": "json"})),
        )
        assert answers[name] == json.loads(asked.check().output)
    similar, found = ([row["photo_id"] for row in answers[name]] for name in ("similar", "found"))
    assert (len(similar), len(found)) == (10, 6)
    photos = pq.read_table(demo.data / "photos.parquet", columns=["photo_id", "thumbnail_sha256"])
    picture = dict(zip(*photos.to_pydict().values(), strict=True))
    assert answers["pictures"] == [
        [picture[photo_id] for photo_id in shown]
        for shown in ([answers["chosen"], *similar], found)
    ]
