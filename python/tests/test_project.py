"""What the project promises about its own text: it is documented, short and without repetition."""

import re
import statistics
import string
from pathlib import Path

import jinja2
import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import Macro

from demo import Demo
from photo_search.ingest.embedding.encoder import DIMENSION
from warm_project import REPOSITORY, DbtProcess

DISPATCHED = re.compile(r"^(default|chdb|clickhouse|myscale)__")


@pytest.fixture(scope="module")
def manifest(demo: Demo) -> Manifest:
    return demo.project.manifest()


def own_macros(manifest: Manifest) -> list[Macro]:
    """The macros of the project and its package, without tests and the forms for one engine."""
    return [
        macro
        for macro in manifest.macros.values()
        if macro.package_name in ("photo_search", "vector_search")
        and not macro.name.startswith(("test_", "materialization_"))
        and not DISPATCHED.match(macro.name)
    ]


def test_every_macro_and_argument_is_described(manifest: Manifest) -> None:
    for macro in own_macros(manifest):
        assert macro.description, macro.name
        body = jinja2.Environment(extensions=["jinja2.ext.do"]).parse(macro.macro_sql)
        [definition] = body.find_all(jinja2.nodes.Macro)
        assert [a.name for a in macro.arguments] == [a.name for a in definition.args], macro.name
        assert all(argument.description and argument.type for argument in macro.arguments)


def test_every_macro_is_documented_in_the_folder_where_it_is(manifest: Manifest) -> None:
    for macro in own_macros(manifest):
        folder = Path(macro.original_file_path).parent
        assert macro.patch_path == f"{macro.package_name}://{folder}/_{folder.name}.yml", macro.name


def test_every_model_source_seed_and_column_is_described(manifest: Manifest) -> None:
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    for node in nodes:
        if node.resource_type in ("model", "source", "seed"):
            assert node.description, node.name
            assert node.columns, node.name
            assert all(column.description for column in node.columns.values()), node.name


def test_python_and_dbt_use_the_same_dimension_of_a_vector(manifest: Manifest) -> None:
    photos = manifest.nodes["model.photo_search.photos"]
    assert photos.config.meta["vector_index"]["dimension"] == DIMENSION
    checks = [constraint.expression for constraint in photos.constraints]
    assert f"length(photo_embed) = {DIMENSION}" in checks


def test_settings_that_dbt_does_not_know_are_in_meta(manifest: Manifest) -> None:
    """dbt warns about others only with the adapters of dbt Labs. dbt v2 refuses them all."""
    known = {"order_by", "settings", "query_settings"}  # to dbt-clickhouse
    known |= {f"{kind}_keys_{what}" for kind in ("config", "meta") for what in ("used", "defaults")}
    for node in manifest.nodes.values():
        assert set(node.config._extra) <= known, node.name
        assert not any(column._extra for column in node.columns.values()), node.name


def test_every_test_says_what_it_found_and_what_to_do_with_values_from_its_rows(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.dbt.run("compile").check()
    compiled = demo.folder / "target" / "compiled" / "photo_search"
    monkeypatch.chdir(REPOSITORY)
    for name, value in demo.dbt.environment.items():
        monkeypatch.setenv(name, value)
    with demo.project.open() as warehouse:
        tests = [n for n in warehouse.manifest.nodes.values() if n.resource_type == "test"]
        assert tests
        for test in tests:
            said = warehouse.compile("finding_and_advice", test=test)
            [sql] = compiled.rglob(Path(test.path).name)
            rows = warehouse.client.query(f"select * from ({sql.read_text()}) limit 0")
            metadata = getattr(test, "test_metadata", None)
            known = {
                *rows.column_names,
                *(metadata.kwargs if metadata else ()),
                "failures",
                "model",
            }
            names = {name for _, name, _, _ in string.Formatter().parse(said) if name}
            assert said.count(". ") >= 1, test.name
            assert names <= known, test.name


def test_every_analysis_and_exposure_is_described(manifest: Manifest) -> None:
    analyses = [n for n in manifest.nodes.values() if n.resource_type == "analysis"]
    assert analyses
    for node in [*analyses, *manifest.exposures.values()]:
        assert node.description, node.name


def test_the_median_macro_and_model_are_40_lines_or_fewer() -> None:
    for kind in ("macros", "models"):
        folders = [REPOSITORY / kind, REPOSITORY / "packages/vector_search" / kind]
        files = [f for d in folders for f in d.rglob("*") if f.suffix in (".sql", ".py")]
        assert statistics.median(len(f.read_text().splitlines()) for f in files) <= 40


def test_the_compiled_models_repeat_no_query(demo: Demo) -> None:
    demo.dbt.run("compile").check()
    compiled = demo.folder / "target" / "compiled" / "photo_search" / "models"
    models = [file for file in compiled.rglob("*.sql") if ".yml" not in str(file)]
    queries = [query for file in models for query in long_selects(file)]
    assert queries
    assert len(queries) == len(set(queries))


def long_selects(file: Path) -> list[str]:
    """Each run of six or more lines, from a `select` to the next blank line, with folded white
    space.
    """
    runs = re.findall(r"(?ms)^\s*select\b.*?(?=^\s*$|\Z)", file.read_text())
    return [" ".join(run.split()) for run in runs if run.strip().count("\n") >= 5]


def test_the_readme_names_only_commands_that_exist(manifest: Manifest) -> None:
    readme = (REPOSITORY / "README.md").read_text()
    operations = set(re.findall(r"dbt (?:--quiet )?run-operation (\w+)", readme))
    assert operations
    assert operations <= {macro.name for macro in own_macros(manifest)}


def test_dbt_debug_needs_no_variable_and_no_profile_of_the_user(tmp_path: Path) -> None:
    (tmp_path / ".dbt").mkdir()
    dbt = DbtProcess(tmp_path)
    dbt.environment["HOME"] = str(tmp_path)
    healthy = dbt.cold("debug").check()
    assert f"Using profiles.yml file at {REPOSITORY}/profiles.yml" in healthy.output
    assert "All checks passed!" in healthy.output


def test_the_adapters_know_nothing_of_photos() -> None:
    files = [f for f in (REPOSITORY / "adapters").rglob("*") if f.suffix in (".py", ".sql", ".yml")]
    assert files
    assert not [f for f in files if "photo" in f.read_text().lower()]
