import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ingest.pipeline.conftest import World
from photo_search.ask.comparison import Comparison
from photo_search.cli import main

SAMPLE = Path(__file__).parents[4]


def test_the_option_sample_embeds_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SAMPLE)
    result = CliRunner().invoke(main, ["embed", "--sample", "--out", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["photos"] > 200
    assert summary["conversions"] > 10_000
    assert "photos/s" in result.stderr
    again = CliRunner().invoke(main, ["embed", "--sample", "--out", str(tmp_path)])
    assert "0 photos tried" in again.stdout
    assert again.stderr == ""


def test_default_paths_belong_to_the_project_and_given_ones_to_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").touch()
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "thumbnails").mkdir()
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path / "models")
    for arguments, place in (
        (["--model", "demo"], tmp_path / "data" / "dataset"),
        (["--sample"], tmp_path / "sample"),
        (["--model", "demo", "--dataset", "mine", "--out", "o"], tmp_path / "models" / "mine"),
    ):
        result = CliRunner().invoke(main, ["embed", *arguments])
        assert result.exit_code == 1
        assert str(place) in result.stderr
    assert (tmp_path / "data").is_dir()
    assert [path.name for path in Path().iterdir()] == ["o"]


def test_an_error_is_one_message_and_exit_code_1(tmp_path: Path) -> None:
    arguments = [
        "embed",
        "--model",
        "demo",
        "--dataset",
        str(tmp_path),
        "--out",
        str(tmp_path / "o"),
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: No photos.tsv* or photos.csv*")
    assert result.stdout == ""


def test_the_terms_must_be_accepted_on_the_command_line() -> None:
    result = CliRunner().invoke(main, ["fetch"])
    assert result.exit_code == 1
    assert "--accept-unsplash-terms" in result.stderr


@pytest.mark.parametrize("bad", [["--limit", "0"], ["--rate", "0"], ["--max-failure-rate", "2"]])
def test_numbers_out_of_range_are_refused(bad: list[str]) -> None:
    assert CliRunner().invoke(main, ["embed", *bad]).exit_code == 2


def test_the_summary_says_what_failed_and_how_often(world: World) -> None:
    world.add(0)
    world.photos["gone"] = world.server.url + "/gone"
    text = world.run().text()
    assert "1 photos with vectors" in text
    assert "Without a vector: 1 gone." in text


def test_a_comparison_without_neighbours_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = Comparison("v1", "v2", 0, 1, 1, 1, 1.0, [])
    monkeypatch.setattr("photo_search.draw.gallery.write.write_comparison", lambda *_: compared)
    command = ["gallery", "--project-dir", str(SAMPLE), "--compare", "old.parquet"]
    result = CliRunner().invoke(main, command)
    assert result.output.startswith("Only one photo is on both sides, so there are no neighbours")
