"""The package in a small project, on every engine. The project's own tests come first."""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml

from myscale_standin import MyScaleStandIn
from servers import clickhouse_server
from warm_dbt import Outcome, call, run_dbt

HERE = Path(__file__).parent
PACKAGE = HERE.parent
QUIET = os.environ | {"DBT_LOG_LEVEL_FILE": "none", "DBT_USE_COLORS": "false", "NO_COLOR": "1"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """A copy of the integration project on one engine."""

    engine: str
    folder: Path
    variables: dict[str, str]

    @property
    def target(self) -> str:
        """The target of the profile, without the generation of MyScale."""
        return self.engine.split()[0]

    def run(self, *arguments: str, **variables: str) -> Outcome:
        """Run `dbt` on this engine. `variables` are its environment for this command only."""
        target = [] if "--target" in arguments else ["--target", self.target]
        return call(
            run_dbt,
            [*arguments, *target],
            folder=self.folder,
            environment=QUIET | self.variables | variables,
        )

    def rows(self, sql: str) -> list[Row]:
        """The rows of a select statement."""
        shown = self.run("--quiet", "show", "--inline", sql, "--limit", "-1", "--output", "json")
        rows: list[Row] = json.loads(shown.check().output)["show"]
        return rows

    def value(self, sql: str) -> Any:
        """The single value of a select statement."""
        [row] = self.rows(sql)
        [value] = row.values()
        return value

    def execute(self, *statements: str) -> None:
        """Run statements that dbt does not know of."""
        arguments = json.dumps({"statements": statements})
        self.run("run-operation", "run_statements", "--args", arguments).check()

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def write_seed(self, name: str, change: Callable[[list[Row]], list[Row]] = list) -> None:
        """Write a seed as the repository has it, after a change."""
        file = f"seeds/{name}.csv"
        with (HERE / file).open(newline="") as original:
            rows = change([*csv.DictReader(original)])
        with (self.folder / file).open("w", newline="") as copy:
            writer = csv.DictWriter(copy, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def new_shop(engine: str, folder: Path, **variables: str) -> Shop:
    """A copy of the project in `folder`."""
    copied = shutil.ignore_patterns("dbt_packages", "target", "logs", "data", "*.py", "__pycache__")
    shutil.copytree(HERE, folder, ignore=copied, dirs_exist_ok=True)
    (folder / "dbt_packages").mkdir()
    (folder / "dbt_packages" / "vector_search").symlink_to(PACKAGE)
    return Shop(engine, folder, variables)


def myscale_variables(server: MyScaleStandIn, edition: str) -> dict[str, str]:
    return {
        "MYSCALE_HOST": server.host,
        "MYSCALE_PORT": str(server.port),
        "MYSCALE_SECURE": "false",
        "MYSCALE_USER": server.user,
        "MYSCALE_EDITION": edition,
        "DBT_ENV_SECRET_MYSCALE_PASSWORD": server.password,
    }


ENGINES = ["chdb", "clickhouse", "myscale 1", "myscale 2"]


@pytest.fixture(scope="module", params=ENGINES)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """The project, built on one engine. A test may change it, and puts it back.

    If CLICKHOUSE_HOST names a server, that is the engine `clickhouse`.
    """
    folder = tmp_path_factory.mktemp("shop")
    engine: str = request.param
    variables = {}
    with ExitStack() as stack:
        if engine == "clickhouse" and "CLICKHOUSE_HOST" not in os.environ:
            (folder / "server").mkdir()
            port = stack.enter_context(clickhouse_server(folder / "server", "secret"))
            variables = {
                "CLICKHOUSE_HOST": "127.0.0.1",
                "CLICKHOUSE_PORT": str(port),
                "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD": "secret",
            }
        elif engine.startswith("myscale"):
            edition = "cloud" if engine == "myscale 2" else "oss"
            server = stack.enter_context(MyScaleStandIn(int(engine[-1]), edition))
            variables = myscale_variables(server, edition)
        shop = new_shop(engine, folder / "project", **variables)
        shop.run("--warn-error", "build").check()  # with every test of the project
        yield shop


FAULTS = {
    "insert into {schema}.products_seed values (9, 'C-1', 90, '[3]', 'v2')": [
        "FAIL length_of_staged_vectors: In 1 rows of stg_products, embedding is not 4 numbers "
        "long. Embed these rows again, and build stg_products again.",
        "FAIL norm_of_staged_vectors: In 1 rows of stg_products, embedding is not a vector of "
        "unit length. Embed these rows again, and build stg_products again.",
        "FAIL version_of_staged_vectors: stg_products has vectors of 2 embedding versions, and "
        "distances between them mean nothing. Embed these rows again, and build stg_products "
        "again.",
    ],
    "insert into {schema}.canaries values ('A-1', '[0, 1, 0, 0]', 'v1')": [
        "FAIL canaries_of_products: 1 canary vectors have changed. That of A-1 has a cosine of 0.0 "
        "with its old one. If you expect this, freeze the vectors of products as new canaries.",
        "3 of 5 canary vectors are of rows and of the version in `shop`.`products`. ",
    ],
    "alter table {schema}.products_by_id drop {index} by_id": [
        "FAIL index_by_id_is_built: 0 of 0 vector indexes of products_by_id are built. `dbt "
        "run-operation vector_search.index_status` says why. `dbt build --full-refresh --select "
        "products_by_id` builds a new one.",
        "FAIL index_by_id_is_used: A search of products_by_id does not use its vector index. Run "
        "`dbt build --full-refresh --select products_by_id`.",
    ],
}


def test_every_engine_builds_every_index_and_passes_every_test(shop: Shop) -> None:
    shop.run("run-operation", "vector_search.index_status").check()
    for row in shop.rows("{{ vector_search.index_status_query() }}"):
        assert row["status"] == "Built", row
    search = "{{ vector_search.nearest(ref('products'), to='A-1') }}"
    shown = shop.run("--quiet", "show", "--inline", search, "--limit", "2", "--output", "json")
    assert [row["sku"] for row in json.loads(shown.check().output)["show"]] == ["A-2", "B-2"]


@pytest.mark.parametrize("shop", ["chdb", "clickhouse", "myscale 2"], indirect=True)
def test_each_test_fails_on_a_damaged_table_and_says_what_to_do(shop: Shop) -> None:
    names = {"schema": "shop", "index": "vector index" if shop.target == "myscale" else "index"}
    shop.execute(*(statement.format(**names) for statement in FAULTS))
    tested = shop.run("test", "--select", "test_type:generic", "--exclude", "test_name:answers")
    assert tested.exit_code == 1
    for sentences in FAULTS.values():
        for sentence in sentences:
            assert sentence in tested.output
    assert " ERROR=6 " in tested.output
    shop.run("build", "--select", "+products_by_id", "+canaries_of_products").check()


@pytest.mark.parametrize("shop", ["chdb"], indirect=True)
def test_recall_fails_when_deleted_rows_hide_the_nearest(shop: Shop) -> None:
    shop.execute(
        "insert into shop.products select id, concat('copy ', toString(number), sku), price, "
        "embedding, version from shop.products cross join numbers(30) as copies",
        "optimize table shop.products final",
        "delete from shop.products where startsWith(sku, 'copy ')",
    )
    tested = shop.run("test", "--select", "recall_of_products")
    assert (
        "FAIL recall_of_products: Searches through the vector index of products find 0.0 % of the "
        "true nearest rows, and must find at least 99 %." in tested.output
    )
    shop.run("build", "--full-refresh", "--select", "products").check()


def with_row(**new: Any) -> Callable[[list[Row]], list[Row]]:
    """Add a row like the first, with these values."""
    return lambda rows: [*rows, rows[0] | new]


@pytest.mark.parametrize("shop", ["chdb", "myscale 2"], indirect=True)
def test_a_vector_table_appends_updates_deletes_and_survives_a_failure(shop: Shop) -> None:
    def build() -> Outcome:
        kinds = ("--resource-type", "seed", "--resource-type", "model")
        return shop.run("build", "--select", "+products", "+sales", *kinds)

    def state(table: str) -> tuple[int, str]:
        """The number of rows, and the table that holds them."""
        [row] = shop.rows(
            f"select toString(uuid) as uuid, (select count() from shop.{table}) as count_rows "
            f"from system.tables where database = 'shop' and name = '{table}'"
        )
        return int(row["count_rows"]), row["uuid"]

    def is_built() -> bool:
        return not shop.rows("select 1 from system.tables where name like '%dbt_tmp'") and (
            shop.run("test", "--select", "index_of_products_is_built").exit_code == 0
        )

    _, products = state("products")
    count, sales = state("sales")
    assert count == 3  # the sale that the seed has twice is here once

    new = {"id": 9, "sku": "C-1", "embedding": "[0, 0, 0, 1]"}
    shop.write_seed("products_seed", with_row(**new))
    shop.write_seed("sales_seed", with_row(day="2024-01-02", sku="C-1"))
    build().check()
    assert state("products") == (9, products)
    assert state("sales") == (4, sales)
    assert is_built()

    shop.write_seed("products_seed", lambda rows: [rows[0] | {"price": 11}, *rows[2:]])
    shop.write_seed("sales_seed", lambda rows: rows[1:])
    build().check()
    count, second = state("products")
    assert count == 7
    assert (second == products) == (shop.target == "myscale")
    assert shop.value("select price from shop.products where sku = 'A-1'") == 11
    count, later_sales = state("sales")
    assert count == 2
    assert later_sales != sales
    assert is_built()

    shop.write_seed("products_seed", with_row(**new | {"embedding": "[0, 1]"}))
    assert build().exit_code == 1
    assert state("products") == (7, second)
    assert is_built()

    shop.write_seed("products_seed")
    shop.write_seed("sales_seed")
    build().check()


@pytest.mark.parametrize("shop", ["chdb"], indirect=True)
def test_every_refusal_says_what_is_allowed_and_what_came(shop: Shop) -> None:
    refusals = yaml.safe_load((HERE / "refusals.yml").read_text())
    for number, refused in enumerate(refusals):
        tables = "{{ ref('products') }} {{ ref('weighted_products') }} {{ ref('plain_products') }}"
        refusal = f"{{% if execute %}}{{{{ vector_search.{refused} }}}}{{% endif %}}"
        shop.write(f"tests/refused/refused_{number}.sql", f"-- depends_on: {tables}\n{refusal}")
    said = shop.run("test", "--select", "path:tests/refused").output
    shutil.rmtree(shop.folder / "tests/refused")
    for refused, message in refusals.items():
        assert message in said, refused
    assert f" ERROR={len(refusals)} " in said


@pytest.mark.parametrize("shop", ["myscale 2"], indirect=True)
def test_tables_are_made_on_the_cluster_of_the_target(shop: Shop) -> None:
    def build(*options: str) -> None:
        kinds = ("--resource-type", "seed", "--resource-type", "model")
        selected = ("--select", "+products", "+sales", *kinds)
        shop.run("build", *selected, *options, MYSCALE_CLUSTER="standin").check()

    build("--full-refresh")
    shop.write_seed("products_seed", lambda rows: [rows[0] | {"price": 11}, *rows[2:]])
    build()
    assert shop.value("select sum(price) from shop.products") == 341
    shop.write_seed("products_seed")
    build()


@pytest.mark.parametrize("shop", ["myscale 2"], indirect=True)
def test_a_run_says_what_the_engine_lacks_before_it_builds_anything(shop: Shop) -> None:
    old_clickhouse = {
        "CLICKHOUSE_HOST": shop.variables["MYSCALE_HOST"],
        "CLICKHOUSE_PORT": shop.variables["MYSCALE_PORT"],
        "CLICKHOUSE_VERSION": "",
    }
    before = shop.rows("select database, name, uuid from system.tables order by 1, 2")
    run = ("run", "--full-refresh", "--select", "stg_products")
    said = shop.run(*run, "products", "--target", "clickhouse", **old_clickhouse)
    assert said.exit_code == 1
    assert (
        "ClickHouse 24.8.8.1 lacks the vector index that the model products needs. Use ClickHouse "
        "25.8 or newer." in said.output
    )
    said = shop.run(*run, "weighted_products", "--target", "clickhouse", **old_clickhouse)
    assert "needs for the metric IP. Use ClickHouse 26.4 or newer." in said.output
    Case(shop).write()
    said = shop.run(*run, "case")
    (shop.folder / "models/case.sql").unlink()
    assert said.exit_code == 1
    assert (
        "MyScale needs a constraint on the length of vectors, which the model case lacks. Give it "
        "an enforced contract and the constraint {type: check, name: dimension, expression: "
        "length(v) = 4}." in said.output
    )
    assert shop.rows("select database, name, uuid from system.tables order by 1, 2") == before


@pytest.mark.parametrize("shop", ["clickhouse"], indirect=True)
def test_each_target_has_its_own_tables_and_indexes(shop: Shop) -> None:
    kinds = ("--resource-type", "seed", "--resource-type", "model")
    shop.run("build", "--select", "+products", *kinds, "--target", "chdb").check()
    for target in ("chdb", "clickhouse"):
        is_good = ("index_of_products_is_built", "index_of_products_is_used")
        shop.run("test", "--select", *is_good, "--target", target).check()


# ---------- what a dbt user expects of a model, on chDB

chdb_alone = pytest.mark.parametrize("shop", ["chdb"], indirect=True)


@dataclass(frozen=True)
class Case:
    """The model `case` in the schema `shop`, which a test may write again and again."""

    shop: Shop

    def write(self, materialized: str = "vector_table", dimension: int = 4, **config: Any) -> None:
        """Write the model with the vectors of the products, cut to `dimension` numbers."""
        index = {"column": "v", "dimension": config.pop("declared", dimension)}
        every = {"materialized": materialized, "unique_key": "sku", "order_by": "sku"}
        every |= {"contract": {"enforced": False}, "meta": {"vector_index": index}}
        self.shop.write(
            "models/case.sql",
            f"{{{{ config(**{every | config}) }}}}\nselect sku, "
            f"arraySlice(embedding, 1, {dimension}) as v from {{{{ ref('stg_products') }}}}",
        )

    def run(self, *arguments: str) -> Outcome:
        return self.shop.run("run", "--select", "case", *arguments)

    def status(self, schema: str = "shop") -> list[tuple[str, str, int]]:
        """The type and the status of the index, and how many rows the table has."""
        of_case = f"api.Relation.create(schema='{schema}', identifier='case')"
        rows = self.shop.rows(f"{{{{ vector_search.index_status_query({of_case}) }}}}")
        count = self.shop.value(f"select count() from {schema}.`case`")
        return [(row["index_type"], row["status"], count) for row in rows]

    def uuid(self, schema: str = "shop") -> str:
        of_case = f"database = '{schema}' and name = 'case'"
        uuid: str = self.shop.value(f"select toString(uuid) from system.tables where {of_case}")
        return uuid


def hnsw(dimension: int) -> str:
    return f"vector_similarity('hnsw', 'cosineDistance', {dimension}, 'f32', 32, 128)"


@pytest.fixture
def case(shop: Shop) -> Iterator[Case]:
    """A model that is built as a `vector_table`. Its table stays after the test."""
    case = Case(shop)
    case.write()
    case.run().check()
    yield case
    (shop.folder / "models/case.sql").unlink()
    for folder in ("models/more", "macros/more"):
        shutil.rmtree(shop.folder / folder, ignore_errors=True)


@chdb_alone
@pytest.mark.parametrize(
    "other",
    [
        "view shop.`case` as select 1 as x",
        "table shop.`case` (x UInt8) engine = Memory",
        "materialized view shop.`case` engine = Memory as select id from shop.products",
        "dictionary shop.`case` (x UInt64) primary key x source(null()) layout(flat()) lifetime(0)",
    ],
    ids=["view", "table", "materialized view", "dictionary"],
)
def test_a_vector_table_takes_the_place_of_what_has_its_name(case: Case, other: str) -> None:
    case.shop.execute("drop table shop.`case`", f"create {other}")
    case.run().check()
    assert case.status() == [(hnsw(4), "Built", 8)]
    assert not case.shop.rows(
        "select name from system.tables where database = 'shop' and name like 'case\\\\_\\\\_%'"
    )


@chdb_alone
def test_another_materialization_takes_the_place_of_a_vector_table(case: Case) -> None:
    for materialized in ("view", "vector_table", "table", "vector_table", "incremental"):
        case.write(materialized)
        case.run().check()
        assert case.shop.value("select count() from {{ ref('case') }}") == 8


@chdb_alone
def test_a_changed_dimension_makes_a_new_table_and_a_wrong_one_changes_nothing(case: Case) -> None:
    case.write(dimension=2)
    case.run().check()
    assert case.status() == [(hnsw(2), "Built", 8)]
    case.write(dimension=3, declared=4)
    said = case.run()
    assert said.exit_code == 1
    assert (
        "The column v of `shop`.`case` must have vectors of 4 numbers, which is the dimension of "
        "its `vector_index`. Got: 3 numbers" in said.output
    )
    assert case.status() == [(hnsw(2), "Built", 8)]


@chdb_alone
def test_a_disabled_model_keeps_its_table_and_is_not_listed(case: Case) -> None:
    case.write(enabled=False)
    case.shop.run("run", "--select", "stg_products").check()
    assert "case" not in {
        row["table_name"] for row in case.shop.rows("{{ vector_search.index_status_query() }}")
    }
    assert case.status() == [(hnsw(4), "Built", 8)]


@chdb_alone
def test_an_empty_run_makes_an_empty_table_with_its_index(case: Case) -> None:
    case.run("--empty").check()
    assert case.status() == [(hnsw(4), "Built", 0)]
    case.run().check()
    assert case.status() == [(hnsw(4), "Built", 8)]


@chdb_alone
def test_a_clone_has_the_index_and_the_next_run_keeps_it(case: Case) -> None:
    state = case.shop.folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(case.shop.folder / "target", state)
    profiles = case.shop.folder / "profiles.yml"
    profile = yaml.safe_load(profiles.read_text())
    outputs = profile["vector_search_integration_tests"]["outputs"]
    outputs["development"] = outputs["chdb"] | {"schema": "development"}
    original = profiles.read_text()
    profiles.write_text(yaml.safe_dump(profile))
    run = [*("--select", "+case", "--target", "development")]
    case.shop.run("clone", "--state", str(state), *run).check()
    assert case.status("development") == [(hnsw(4), "Built", 8)]
    clone = case.uuid("development")
    case.shop.run("run", *run).check()
    assert case.uuid("development") == clone
    profiles.write_text(original)


@chdb_alone
def test_a_retry_builds_what_failed(case: Case) -> None:
    case.write(dimension=3, declared=4)
    assert case.run().exit_code == 1
    case.write(dimension=3)
    case.shop.run("retry").check()
    assert case.status() == [(hnsw(3), "Built", 8)]


@chdb_alone
def test_a_changed_index_is_a_modified_model(case: Case) -> None:
    def modified() -> bool:
        listed = case.shop.run("--quiet", "ls", "--select", "state:modified", "--state", str(state))
        return "case" in listed.check().output

    case.shop.run("parse").check()
    state = case.shop.folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(case.shop.folder / "target", state)
    assert not modified()
    case.write(meta={"vector_index": {"column": "v", "dimension": 4, "metric": "L2"}})
    assert modified()


@chdb_alone
@pytest.mark.parametrize("has_generator", [False, True])
def test_a_table_may_be_in_another_schema_and_have_an_alias(
    case: Case, has_generator: bool
) -> None:
    if has_generator:
        case.shop.write(
            "macros/more/generate_schema_name.sql",
            "{% macro generate_schema_name(custom_schema_name, node) %}"
            "{{ custom_schema_name or target.schema }}{% endmacro %}",
        )
    case.shop.write(
        "models/more/asking.sql",
        "{{ config(materialized='view', contract={'enforced': false}) }}\n"
        "select * from ({{ vector_search.nearest(ref('case'), to='A-1', top_k=2) }})",
    )
    schema = "elsewhere" if has_generator else "shop_elsewhere"
    case.write(schema="elsewhere", alias="under_an_alias")
    case.shop.run("run", "--select", "case", "asking").check()
    status = case.shop.rows("{{ vector_search.index_status_query() }}")
    assert "under_an_alias" in {row["table_name"] for row in status}
    assert [row["sku"] for row in case.shop.rows("select sku from {{ ref('asking') }}")] == [
        "A-2",
        "B-2",
    ]
    case.write(dimension=3, declared=4, schema="elsewhere", alias="under_an_alias")
    assert case.run("--full-refresh").exit_code == 1
    assert case.shop.rows(
        f"select name, total_rows as count_rows from system.tables where database = '{schema}'"
    ) == [{"name": "under_an_alias", "count_rows": 8}]


@pytest.mark.parametrize("example", ["products", "texts"])
def test_an_example_prints_what_its_readme_says(example: str, tmp_path: Path) -> None:
    """The package comes from `dbt deps`, as packages.yml says."""
    copied = shutil.ignore_patterns("integration_tests", "dbt_packages", "target", "data", "logs")
    shutil.copytree(PACKAGE, tmp_path / "package", ignore=copied)
    folder = tmp_path / "package/examples" / example
    texts = [*folder.glob("*.yml"), *folder.glob("models/*")]
    assert sum(len(text.read_text().splitlines()) for text in texts) < 60
    readme = (folder / "README.md").read_text()
    lines = [line.strip() for line in readme.splitlines()]
    for command in (line for line in lines if line.startswith("dbt ")):
        ended = call(run_dbt, shlex.split(command)[1:], folder=folder, environment=QUIET)
        printed = ended.check().output
    for row in printed.strip().splitlines():
        assert row in lines, printed


STRANGERS_DBT = PACKAGE.parents[1] / ".venv-package/bin/dbt"
STRANGER = {
    "dbt_project.yml": "{name: shop, profile: shop}",
    "packages.yml": """
        packages:
          - {git: "{{ env_var('REPOSITORY') }}", subdirectory: packages/vector_search, revision: v1}
    """,
    "profiles.yml": """
        shop:
          target: dev
          outputs:
            dev:
              type: clickhouse
              host: 127.0.0.1
              port: "{{ env_var('PORT') | as_number }}"
              password: secret
              schema: shop
    """,
    "models/stg_products.sql": """
        with drawn as (
            select number, arrayMap(i -> sipHash64(number, i) / pow(2, 63) - 1, range(768)) as v
            from numbers(200)
        )
        select
            concat('A-', toString(number)) as sku,
            concat('product ', toString(number)) as title,
            number as price,
            arrayMap(x -> toFloat32(x / sqrt(arraySum(y -> y * y, v))), v) as embedding
        from drawn
    """,
}


@pytest.mark.skipif(not STRANGERS_DBT.exists(), reason="needs `make test-package`")
def test_a_project_of_a_stranger_runs_the_example_of_the_readme(tmp_path: Path) -> None:
    """It has the package from git, dbt-clickhouse from PyPI, and no Python of this repository."""
    repository = tmp_path / "repository"
    copied = shutil.ignore_patterns("dbt_packages", "target", "data", "logs")
    shutil.copytree(PACKAGE, repository / "packages/vector_search", ignore=copied)
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for command in ("init", "add .", "commit --message=v1", "tag v1"):
        git = ["git", *author, "-C", str(repository), *command.split()]
        subprocess.run(git, check=True, stdout=subprocess.DEVNULL)
    blocks = re.findall(r"```(?:sql|yaml)\n(.*?)```", (PACKAGE / "README.md").read_text(), re.S)
    of_readme = {
        "models/products.sql": "-- models/products.sql",
        "models/similar_products.sql": "-- models/similar_products.sql",
        "models/models.yml": "models:",
    }
    files = STRANGER | {
        name: next(block for block in blocks if block.startswith(start))
        for name, start in of_readme.items()
    }
    for name, text in files.items():
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_text(dedent(text))
    (tmp_path / "server").mkdir()
    with clickhouse_server(tmp_path / "server", "secret") as port:

        def dbt(*arguments: str) -> Outcome:
            variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PORT": str(port)}
            ended = subprocess.run(
                [str(STRANGERS_DBT), "--no-use-colors", *arguments],
                cwd=tmp_path / "shop",
                env=variables | {"REPOSITORY": repository.as_uri()},
                capture_output=True,
                text=True,
            )
            return Outcome(ended.returncode, ended.stdout + ended.stderr)

        dbt("deps").check()
        assert "PASS=11 WARN=0 ERROR=0 " in dbt("build").check().output
        shown = dbt("--quiet", "show", "--select", "similar_products", "--limit", "99").check()
        assert shown.output.count("| A-17      |") == 20
        drop = b"alter table shop.products drop index embedding_index"
        request = Request(f"http://127.0.0.1:{port}/?user=default&password=secret", data=drop)
        urlopen(request).close()
        tested = dbt("test")
        assert "ERROR=2 " in tested.output
        assert "0 of 0 vector indexes of products are built." in tested.output
        assert "A search of products does not use its vector index." in tested.output
