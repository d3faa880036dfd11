"""The documentation site of the demo, as `make site` writes it."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from demo import Demo
from warm_project import REPOSITORY


@pytest.fixture(scope="module")
def site(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    demo.dbt.run("docs", "generate").check()
    folder = tmp_path_factory.mktemp("site")
    script = REPOSITORY / "docs" / "make_site.py"
    subprocess.run([sys.executable, script, demo.folder / "target", folder], check=True)
    return folder


def test_every_model_is_described_with_the_types_of_its_columns(site: Path) -> None:
    nodes = embedded(site, "catalog")["nodes"]
    for model in names("models/**/*.sql") | names("models/**/*.py"):
        columns = nodes[f"model.photo_search.{model}"]["columns"]
        assert columns
        assert all(column["type"] for column in columns.values())
    exposures = embedded(site, "manifest")["exposures"]
    assert "exposure.photo_search.photo_gallery" in exposures


def test_every_question_is_listed_with_its_arguments(site: Path) -> None:
    macros = embedded(site, "manifest")["macros"]
    listed = {macro["name"]: macro for macro in macros.values() if macro["docs"]["show"]}
    assert names("macros/questions/**/*.sql") <= listed.keys()
    assert not [name for name, macro in listed.items() if not macro["description"]]
    arguments = {argument["name"]: argument for argument in listed["similar_photos"]["arguments"]}
    assert arguments["top_k"]["type"] == "integer"


def test_every_link_leads_to_a_page_and_a_heading_of_the_site(site: Path) -> None:
    pages = {page: page.read_text() for page in site.rglob("*.html")}
    assert len(pages) > 10
    for page, text in pages.items():
        if page.name in ("models.html", "gallery.html"):
            continue  # not drawn by the script
        for link in re.findall(r'(?:href|src)="([^"]+)"', text):
            if re.match("https?:", link):
                continue
            path, _, anchor = unquote(link).partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), f"{page.name}: {link}"
            if anchor and not anchor.startswith("!"):
                assert f'id="{anchor}"' in pages[linked], f"{page.name}: {link}"


def embedded(site: Path, name: str) -> dict[str, Any]:
    """The manifest or the catalog that the page of models and macros holds."""
    page = (site / "models.html").read_text()
    kind = f"https://schemas.getdbt.com/dbt/{name}/"
    start = page.index(f'{{"metadata": {{"dbt_schema_version": "{kind}')
    data: dict[str, Any] = json.JSONDecoder().raw_decode(page, start)[0]
    return data


def names(pattern: str) -> set[str]:
    """Of the files, but for those of private macros, whose names begin with an underscore."""
    return {path.stem for path in REPOSITORY.glob(pattern) if not path.stem.startswith("_")}


def test_the_recording_in_the_readme_shows_what_the_demo_answers(demo: Demo) -> None:
    recorded = html.unescape((REPOSITORY / "docs" / "demo.svg").read_text())
    [(question, arguments)] = re.findall(
        r"run-operation (photo_conversions) --args '(.*)'", (REPOSITORY / "Makefile").read_text()
    )
    asked = demo.dbt.run(
        *("--quiet", "run-operation", question),
        *("--args", json.dumps(json.loads(arguments) | {"output": "json"})),
    )
    answer = [
        (str(row["similarity_rank"]), row["photo_id"], str(row["count_downloads"]))
        for row in json.loads(asked.check().output)
    ]
    assert answer == re.findall(r"\| +(\d+) \| (\S+) +\| 0\.\d+… \| +(\d+) \|", recorded)
