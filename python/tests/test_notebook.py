"""The notebook runs from top to bottom, asks the questions, and shows the photos."""

import importlib.util
import json
from pathlib import Path
from typing import Any

from demo import Demo
from photo_search.warehouse import Project
from warm_project import REPOSITORY

NOTEBOOK = REPOSITORY / "notebooks" / "similar_photos.py"


def run_notebook(file: Path, data: str) -> dict[str, Any]:
    """The answers of a notebook, and the number of pictures that each cell shows."""
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
        "pictures": [text.count("<img") for output in outputs if (text := _html(output))],
    }


def _html(output: object) -> str:
    return getattr(output, "text", "")


def test_the_notebook_answers_as_the_questions_do_and_shows_a_picture_of_each_photo(
    demo: Demo,
) -> None:
    answers = demo.dbt.call(run_notebook, NOTEBOOK, str(demo.data))
    for question, name in (("photo_conversions", "similar"), ("popular_keywords", "keywords")):
        arguments = json.dumps({"photo_id": answers["chosen"], "output": "json"})
        asked = demo.dbt.run("--quiet", "run-operation", question, "--args", arguments)
        assert answers[name] == json.loads(asked.check().output)
    assert len(answers["found"]) == 6
    assert [count for count in answers["pictures"] if count] == [1 + 10, 6]
