"""Python models on every type of engine: a project of small models, some of which fail."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from myscale_standin import MyScaleStandIn
from project import Project
from servers import clickhouse_server
from warm_dbt import Outcome

PASSWORD = "never-print-this"
WRITTEN_DOWN = {"DBT_WRITE_JSON": "true", "DBT_LOG_LEVEL_FILE": "debug"}
FAILURE_IN_MODEL = r"(?:Failure|\[.*ERROR.*\]:?) in model "  # of dbt 1.11, and of dbt 1.12
SERVER = {
    "host": "127.0.0.1",
    "secure": False,
    "user": "default",
    "password": "{{ env_var('DBT_ENV_SECRET_PASSWORD') }}",
}
MODELS = {
    "items.sql": """
        {{ config(materialized="table", order_by="item_id") }}
        select
            toString(number) as item_id,
            arrayMap(i -> toFloat32(number + i), range(4)) as vector,
            toDate('2026-01-01') + number as taken_on,
            toDateTime('2026-01-01 12:00:00', 'UTC') + number as seen_at,
            if(number = 3, null, toUInt8(number)) as stars,
            CAST('b', 'Enum8(\\'a\\' = 1, \\'b\\' = 2)') as kind
        from numbers(10)
    """,
    "as_arrow.py": """
        def model(dbt, session):
            items = dbt.ref("items")
            types = {field.name: str(field.type) for field in items.schema}
            assert types["vector"] == "fixed_size_list<item: float>[4]", types
            assert types["taken_on"] == "date32[day]", types
            assert types["seen_at"] == "timestamp[s, tz=UTC]", types
            assert types["kind"] == "string", types
            return items
    """,
    "as_pandas.py": """
        def model(dbt, session):
            dbt.config(meta={"frame": "pandas"}, order_by="item_id")
            items = dbt.ref("as_arrow")
            items["longest"] = [float(vector.max()) for vector in items.vector]
            return items[items.item_id > "4"][["item_id", "longest"]]
    """,
    "as_polars.py": """
        import polars

        def model(dbt, session):
            items = polars.from_arrow(dbt.ref("items"))
            return items.select("item_id", "vector", "stars", "seen_at")
    """,
    "as_stream.py": """
        def model(dbt, session):
            dbt.config(meta={"frame": "batches"})
            for batch in dbt.ref("items"):
                for row in range(batch.num_rows):
                    yield batch.slice(row, 1).select(["item_id", "vector"])
            return
    """,
    "declared.py": """
        import numpy as np
        import pyarrow as pa

        def model(dbt, session):
            dbt.config(materialized="incremental", incremental_strategy="delete+insert")
            label = dbt.config.meta_get("label")
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
            rows = dbt.ref("items")
            raise ValueError("no luck with " + os.environ["DBT_ENV_SECRET_PASSWORD"])
            return rows
    """,
    "failing/yields_and_raises.py": """
        def model(dbt, session):
            return (batch.no_such_method() for batch in dbt.ref("items").to_batches())
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
            dbt.config(meta={"frame": "spark"})
            return dbt.ref("items")
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
            "config": {"meta": {"label": "ours"}, "order_by": "id", "unique_key": "id"},
            "columns": [
                {"name": "id", "data_type": "UInt16"},
                {
                    "name": "label",
                    "data_type": "LowCardinality(String)",
                    "config": {"meta": {"codec": "NONE"}},
                },
            ],
            "constraints": [{"type": "check", "name": "labelled", "expression": "label != ''"}],
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


class Models(Project):
    """The project above on one engine."""

    def __init__(self, folder: Path, target: dict[str, Any]) -> None:
        files = {f"models/{name}": text for name, text in MODELS.items()}
        files["models/schema.yml"] = json.dumps(SCHEMA)
        super().__init__(folder, target, files, models={"+materialized": "table"})
        self.environment["DBT_ENV_SECRET_PASSWORD"] = PASSWORD

    def tables(self) -> list[str]:
        names = "select arrayStringConcat(arraySort(groupArray(name)), ' ') from system.tables"
        return str(self.value(f"{names} where database = 'small'")).split()

    def build(self, *arguments: str, **variables: str) -> Outcome:
        return self.run("build", "--exclude", "path:models/failing", *arguments, **variables)


@contextmanager
def engine(type_: str, folder: Path) -> Iterator[dict[str, Any]]:
    """The settings of a target of this type. Its engine runs meanwhile."""
    if type_ == "chdb":
        yield {"type": type_, "chdb_path": str(folder / "chdb")}
    elif type_ == "myscale":
        with MyScaleStandIn(2, "oss", password=PASSWORD) as standin:
            yield SERVER | {"type": type_, "port": standin.port, "edition": "oss"}
    else:
        with clickhouse_server(folder / "server", PASSWORD) as port:
            yield SERVER | {"type": type_, "port": port}


@pytest.fixture(scope="module", params=["chdb", "clickhouse_python", "myscale"])
def models(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Models]:
    folder = tmp_path_factory.mktemp("python_models")
    (folder / "server").mkdir()
    with engine(request.param, folder) as target:
        yield Models(folder, target)


@pytest.fixture(scope="module")
def built(models: Models) -> Models:
    models.build().check()
    return models


def test_a_model_reads_arrow_or_pandas_and_returns_arrow_pandas_polars_or_a_stream(
    built: Models,
) -> None:
    assert built.value("select count() from {{ ref('as_arrow') }}") == 10
    assert built.value(difference("item_id, vector, stars", "as_arrow")) == 0
    assert built.value(difference("item_id, vector, stars, seen_at", "as_polars")) == 0
    assert built.value(difference("item_id, vector", "as_stream")) == 0
    assert built.value("select sum(longest) from {{ ref('as_pandas') }}") == 8 + 9 + 10 + 11 + 12


def difference(columns: str, model: str) -> str:
    """How many items `model` lacks or has with other values."""
    return (
        f"select count() from (select {columns} from {{{{ ref('items') }}}} "
        f"except select {columns} from {{{{ ref('{model}') }}}})"
    )


def test_an_incremental_model_adds_and_replaces_rows_and_can_be_rebuilt(built: Models) -> None:
    counts = "select concat(toString(rows), ' ', toString(ids)) from {{ ref('below') }}"
    built.build("--full-refresh").check()
    assert built.value(counts) == "3 3"
    built.build().check()
    assert built.value(counts) == "5 5"
    built.build("--full-refresh").check()
    assert built.value(counts) == "3 3"


def test_the_table_has_the_declared_types_codecs_and_checks(built: Models) -> None:
    table = built.value(
        "select create_table_query from system.tables "
        "where database = 'small' and name = 'declared'"
    )
    assert "`id` UInt16" in table
    assert "`label` LowCardinality(String) CODEC(NONE)" in table
    assert "CONSTRAINT labelled CHECK" in table


@pytest.fixture(scope="module")
def failed(built: Models) -> Outcome:
    """The output of one run of every failing model. One of them has an old table."""
    built.value(
        "{% do run_query('create table small.not_fitting engine = MergeTree order by n "
        "as select 4::UInt8 as n') %}select 1"
    )
    return built.run("run", "--select", "path:models/failing", **WRITTEN_DOWN)


@pytest.mark.parametrize("model", FAILURES)
def test_an_error_names_the_line_in_the_file_of_the_model(failed: Outcome, model: str) -> None:
    path = f"models/failing/{model}.py"
    [message] = {
        part for part in re.split(FAILURE_IN_MODEL, failed.output) if part.startswith(model)
    }
    assert f"  {path}, line " in message
    assert FAILURES[model] in message


def test_a_failure_leaves_only_the_old_table_and_prints_no_secret(
    built: Models, failed: Outcome
) -> None:
    assert PASSWORD not in failed.output
    assert PASSWORD not in (built.folder / "logs" / "dbt.log").read_text()
    assert PASSWORD not in (built.folder / "target" / "run_results.json").read_text()
    assert set(built.tables()) & set(FAILURES) == {"not_fitting"}
    assert not [name for name in built.tables() if "__dbt" in name]
    assert built.value("select max(n) from small.not_fitting") == 4


def test_retry_runs_the_failed_model_and_the_skipped_ones(built: Models) -> None:
    file = built.folder / "models" / "declared.py"
    text = file.read_text()
    file.write_text(text.replace("start + 3)", "start + 3).no_such_method()"))
    broken = built.build(**WRITTEN_DOWN)
    file.write_text(text)
    assert "ERROR=1 SKIP=2" in broken.output
    retried = built.run("retry").check()
    assert "PASS=3" in retried.output
