"""The package in a small project, on every engine. The project's own tests come first."""

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from myscale_standin import MyScaleStandIn
from servers import clickhouse_server
from warm_dbt import Outcome, call, run_dbt

HERE = Path(__file__).parent
PACKAGE = HERE.parent
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
            environment=os.environ | self.variables | variables,
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
    settings = {
        "DBT_PROFILES_DIR": str(folder),
        "DBT_PROJECT_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_USE_COLORS": "false",
        "NO_COLOR": "1",
        "CHDB_PATH": str(folder / "chdb"),
    }
    return Shop(engine, folder, settings | variables)


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
    """The project, built on one engine. A test may change it, and puts it back."""
    folder = tmp_path_factory.mktemp("shop")
    engine: str = request.param
    variables = {}
    with ExitStack() as stack:
        if engine == "clickhouse":
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
    status = shop.rows("{{ vector_search.index_status_query() }}")
    assert [(row["table_name"], row["index_name"], row["status"]) for row in status] == [
        ("products", "embedding_index", "Built"),
        ("products_by_id", "by_id", "Built"),
        ("weighted_products", "embedding_index", "Built"),
    ]


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
