"""Python models on chDB and on MyScale: a project of small models, built and broken."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dbt_process import REPOSITORY, DbtProcess, Outcome
from myscale_standin import MyScaleStandIn

PASSWORD = "never-print-this"
WRITTEN_DOWN = {"DBT_WRITE_JSON": "true"}
PROFILE = """
python_models:
  target: "{{ env_var('PYTHON_MODELS_TARGET') }}"
  outputs:
    chdb:
      type: chdb
      chdb_path: "{{ env_var('PHOTO_SEARCH_CHDB_PATH') }}"
      schema: python_models
      threads: 4
    myscale:
      type: myscale
      host: 127.0.0.1
      port: "{{ env_var('MYSCALE_PORT', '0') | as_number }}"
      secure: false
      user: default
      password: "{{ env_var('DBT_ENV_SECRET_PASSWORD', '') }}"
      edition: oss
      schema: python_models
      threads: 4
"""
MODELS = {
    "photos.sql": """
        {{ config(materialized="table", order_by="photo_id") }}
        select
            toString(number) as photo_id,
            arrayMap(i -> toFloat32(number + i), range(4)) as photo_embed,
            toDate('2026-01-01') + number as taken_on,
            toDateTime('2026-01-01 12:00:00', 'UTC') + number as seen_at,
            if(number = 3, null, toUInt8(number)) as stars,
            CAST('b', 'Enum8(\\'a\\' = 1, \\'b\\' = 2)') as kind
        from numbers(10)
    """,
    "as_arrow.py": """
        def model(dbt, session):
            photos = dbt.ref("photos")
            types = {field.name: str(field.type) for field in photos.schema}
            assert types["photo_embed"] == "fixed_size_list<item: float>[4]", types
            assert types["taken_on"] == "date32[day]", types
            assert types["seen_at"] == "timestamp[s, tz=UTC]", types
            assert types["kind"] == "string", types
            return photos
    """,
    "as_pandas.py": """
        def model(dbt, session):
            dbt.config(frame="pandas", order_by="photo_id")
            photos = dbt.ref("as_arrow")
            photos["longest"] = [float(vector.max()) for vector in photos.photo_embed]
            return photos[photos.photo_id > "4"][["photo_id", "longest"]]
    """,
    "as_polars.py": """
        import polars

        def model(dbt, session):
            photos = polars.from_arrow(dbt.ref("photos"))
            return photos.select("photo_id", "photo_embed", "stars", "seen_at")
    """,
    "as_stream.py": """
        def model(dbt, session):
            dbt.config(frame="batches")
            for batch in dbt.ref("photos"):
                for row in range(batch.num_rows):
                    yield batch.slice(row, 1).select(["photo_id", "photo_embed"])
            return
    """,
    "indexed.py": """
        import os

        def model(dbt, session):
            dbt.config(
                materialized="vector_table",
                unique_key="photo_id",
                order_by="photo_id",
                vector_index={"name": "of_vectors", "column": "photo_embed", "dimension": 4},
            )
            photos = dbt.ref("photos").select(["photo_id", "photo_embed"])
            return photos.slice(0, int(os.environ.get("INDEXED_PHOTOS", 4)))
    """,
    "declared.py": """
        import numpy as np
        import pyarrow as pa

        def model(dbt, session):
            dbt.config(materialized="incremental", incremental_strategy="delete+insert")
            label = dbt.config.get("label")
            start = 0
            if dbt.is_incremental:
                start = session.sql(f"select max(id) as top from {dbt.this}")["top"][0].as_py()
            ids = np.arange(start, start + 3)
            return pa.table({"label": [label] * 3, "id": ids})
    """,
    "below.sql": "select count() as rows, uniqExact(id) as ids from {{ ref('declared') }}",
    "failing/raises.py": """
        import os

        def model(dbt, session):
            rows = dbt.ref("photos")
            raise ValueError("no luck with " + os.environ["DBT_ENV_SECRET_PASSWORD"])
            return rows
    """,
    "failing/yields_and_raises.py": """
        def model(dbt, session):
            return (batch.no_such_method() for batch in dbt.ref("photos").to_batches())
    """,
    "failing/wrong_type.py": """
        def model(dbt, session):
            rows = [1, 2]
            return rows
    """,
    "failing/not_fitting.py": """
        import pyarrow as pa

        def model(dbt, session):
            return pa.table({"n": [1, 300]})
    """,
    "failing/of_another_kind.py": """
        import pyarrow as pa

        def model(dbt, session):
            return pa.table({"n": ["1"]})
    """,
    "failing/with_a_null.py": """
        import pyarrow as pa

        def model(dbt, session):
            return pa.table({"n": [1, None]})
    """,
    "failing/names_missing.py": """
        import pyarrow as pa

        def model(dbt, session):
            return pa.table({"m": [1]})
    """,
    "failing/against_a_check.py": """
        import pyarrow as pa

        def model(dbt, session):
            return pa.table({"n": [7]})
    """,
    "failing/needs_a_package.py": """
        import no_such_module

        def model(dbt, session):
            dbt.config(packages=["no-such-package"])
            return no_such_module.rows()
    """,
    "failing/of_no_frame.py": """
        def model(dbt, session):
            dbt.config(frame="spark")
            return dbt.ref("photos")
    """,
}
FAILURES = {
    "raises": "line 5: ValueError: no luck with *****",
    "yields_and_raises": "line 2: AttributeError: 'pyarrow.lib.RecordBatch' object has",
    "wrong_type": "line 3: TypeError: a model must return a pyarrow Table, a pandas or polars "
    "DataFrame, or an iterator of pyarrow RecordBatches or Tables. Got: list",
    "not_fitting": "line 4: ValueError: column `n` must be uint8. Integer value 300 not in range",
    "of_another_kind": "line 4: TypeError: column `n` must be uint8. Got: string",
    "with_a_null": "line 4: ValueError: column `n` takes no nulls. Got: 1",
    "names_missing": "line 4: ValueError: the columns must be n. Got: m",
    "against_a_check": "VIOLATED_CONSTRAINT",
    "needs_a_package": "line 1: dbt's Python has no module `no_such_module`. "
    "Install what the model needs: pip install no-such-package",
    "of_no_frame": "`frame` must be one of arrow, pandas, batches, relation. Got: spark",
}
ONE_NUMBER = ("not_fitting", "of_another_kind", "with_a_null", "names_missing", "against_a_check")
SCHEMA: dict[str, Any] = {
    "models": [
        {
            "name": "declared",
            "config": {"label": "ours", "order_by": "id", "unique_key": "id"},
            "columns": [
                {"name": "id", "data_type": "UInt16"},
                {"name": "label", "data_type": "LowCardinality(String)", "codec": "NONE"},
            ],
            "constraints": [{"type": "check", "name": "labelled", "expression": "label != ''"}],
        },
        {
            "name": "indexed",
            "columns": [
                {"name": "photo_id", "data_type": "String"},
                {"name": "photo_embed", "data_type": "Array(Float32)"},
            ],
            "constraints": [
                {"type": "check", "name": "size", "expression": "length(photo_embed) = 4"}
            ],
        },
        *(
            {
                "name": name,
                "columns": [{"name": "n", "data_type": "UInt8"}],
                "constraints": [{"type": "check", "name": "small", "expression": "n < 5"}],
            }
            for name in ONE_NUMBER
        ),
    ],
    "unit_tests": [
        {
            "name": "rows_are_counted",
            "model": "below",
            "given": [{"input": "ref('declared')", "rows": [{"id": 1}, {"id": 1}]}],
            "expect": {"rows": [{"rows": 2, "ids": 1}]},
        }
    ],
}


class Models:
    """The project below, on one engine."""

    def __init__(self, folder: Path, target: str) -> None:
        self.folder = folder
        self.dbt = DbtProcess(folder)
        self.dbt.environment |= {
            "PYTHON_MODELS_TARGET": target,
            "DBT_ENV_SECRET_PASSWORD": PASSWORD,
            "DBT_PROFILES_DIR": str(folder),
            "DBT_PROJECT_DIR": str(folder),
        }
        files = {"profiles.yml": PROFILE, "models/schema.yml": json.dumps(SCHEMA)}
        files["dbt_project.yml"] = json.dumps(
            {
                "name": "python_models",
                "version": "1.0.0",
                "profile": "python_models",
                "models": {"python_models": {"+materialized": "table"}},
                "vars": {"vector_index_deadline_s": 60},
            }
        )
        for name, text in (files | {f"models/{name}": t for name, t in MODELS.items()}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(dedent(text).lstrip())
        (folder / "macros").symlink_to(REPOSITORY / "macros")  # for vector_table

    def value(self, sql: str) -> Any:
        shown = self.dbt.run(
            *("--quiet", "show", "--inline", sql, "--limit", "-1", "--output", "json")
        )
        [row] = json.loads(shown.check().output)["show"]
        [only] = row.values()
        return only

    def tables(self) -> list[str]:
        names = "select arrayStringConcat(arraySort(groupArray(name)), ' ') from system.tables"
        return str(self.value(f"{names} where database = 'python_models'")).split()

    def build(self, *arguments: str, **variables: str) -> Outcome:
        return self.dbt.run("build", "--exclude", "path:models/failing", *arguments, **variables)


@pytest.fixture(scope="module", params=["chdb", "myscale"])
def models(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Models]:
    models = Models(tmp_path_factory.mktemp("python_models"), request.param)
    if request.param == "chdb":
        yield models
    else:
        with MyScaleStandIn(2, "oss", password=PASSWORD) as standin:
            models.dbt.environment["MYSCALE_PORT"] = str(standin.port)
            yield models


@pytest.fixture(scope="module")
def built(models: Models) -> Models:
    models.build().check()
    return models


def test_a_model_reads_arrow_or_pandas_and_gives_either_polars_or_a_stream(built: Models) -> None:
    assert built.value("select count() from {{ ref('as_arrow') }}") == 10
    assert built.value(difference("photo_id, photo_embed, stars", "as_arrow")) == 0
    assert built.value(difference("photo_id, photo_embed, stars, seen_at", "as_polars")) == 0
    assert built.value(difference("photo_id, photo_embed", "as_stream")) == 0
    assert built.value("select sum(longest) from {{ ref('as_pandas') }}") == 8 + 9 + 10 + 11 + 12


def difference(columns: str, model: str) -> str:
    """How many photos `model` lacks or has otherwise."""
    return (
        f"select count() from (select {columns} from {{{{ ref('photos') }}}} "
        f"except select {columns} from {{{{ ref('{model}') }}}})"
    )


def test_an_incremental_model_adds_replaces_and_begins_again(built: Models) -> None:
    counts = "select concat(toString(rows), ' ', toString(ids)) from {{ ref('below') }}"
    built.build("--full-refresh").check()
    assert built.value(counts) == "3 3"
    built.build().check()
    assert built.value(counts) == "5 5"
    built.build("--full-refresh").check()
    assert built.value(counts) == "3 3"


def test_declared_types_codecs_and_checks_are_the_tables(built: Models) -> None:
    table = built.value(
        "select create_table_query from system.tables "
        "where database = 'python_models' and name = 'declared'"
    )
    assert "`id` UInt16" in table
    assert "`label` LowCardinality(String) CODEC(NONE)" in table
    assert "CONSTRAINT labelled CHECK" in table


def test_a_vector_table_of_a_model_is_indexed_and_grows_and_outlives_a_failure(
    built: Models,
) -> None:
    def state() -> tuple[str, int, str]:
        """Of the index, how many rows, and which table holds them."""
        printed = built.dbt.run(
            *("--quiet", "run-operation", "vector_index_status", "--args", "{output: json}")
        )
        [index] = json.loads(printed.check().output)
        table = built.value(
            "select toString(uuid) from system.tables "
            "where database = 'python_models' and name = 'indexed'"
        )
        return index["status"], built.value("select count() from {{ ref('indexed') }}"), table

    status, count, first = state()
    assert (status, count) == ("Built", 4)
    run = ("run", "--select", "indexed")
    built.dbt.run(*run, INDEXED_PHOTOS="7").check()
    assert state() == ("Built", 7, first)
    assert built.dbt.run(*run, INDEXED_PHOTOS="some").exit_code == 1
    assert state() == ("Built", 7, first)
    built.dbt.run(*run, "--full-refresh").check()
    status, count, second = state()
    assert (status, count) == ("Built", 4)
    assert second != first


@pytest.fixture(scope="module")
def failed(built: Models) -> Outcome:
    """Every failing model in one run, over an old table of one of them."""
    built.value(
        "{% do run_query('create table python_models.not_fitting engine = MergeTree order by n "
        "as select 4::UInt8 as n') %}select 1"
    )
    return built.dbt.run("run", "--select", "path:models/failing", **WRITTEN_DOWN)


@pytest.mark.parametrize("model", FAILURES)
def test_an_error_names_the_line_of_the_models_file(failed: Outcome, model: str) -> None:
    path = f"models/failing/{model}.py"
    [message] = {
        part for part in failed.output.split("Failure in model ") if part.startswith(model)
    }
    assert f"  {path}, line " in message
    assert FAILURES[model] in message


def test_a_failure_leaves_the_old_table_and_nothing_else_and_prints_no_secret(
    built: Models, failed: Outcome
) -> None:
    assert PASSWORD not in failed.output
    assert PASSWORD not in (built.folder / "logs" / "dbt.log").read_text()
    assert PASSWORD not in (built.folder / "target" / "run_results.json").read_text()
    assert set(built.tables()) & set(FAILURES) == {"not_fitting"}
    assert not [name for name in built.tables() if "__dbt" in name]
    assert built.value("select max(n) from python_models.not_fitting") == 4


def test_retry_runs_the_model_that_failed_and_what_was_skipped(built: Models) -> None:
    file = built.folder / "models" / "declared.py"
    text = file.read_text()
    file.write_text(text.replace("start + 3)", "start + 3).no_such_method()"))
    broken = built.build(**WRITTEN_DOWN)
    file.write_text(text)
    assert "ERROR=1 SKIP=2" in broken.output
    retried = built.dbt.run("retry").check()
    assert "PASS=3" in retried.output
