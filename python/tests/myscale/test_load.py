"""The loader: lost connections, repeated inserts, and files that the server reads itself."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from myscale.conftest import Warehouses
from myscale.warehouse import Variant, Warehouse
from myscale_standin import MyScaleStandIn
from warm_project import Outcome

LOADED = """
select uniqExact(load_id), countIf(kind = 'p'), countIf(kind = 'c') from (
    select 'p' as kind, load_id from photo_search_raw.photos
    union all select 'c' as kind, load_id from photo_search_raw.conversions
)
"""


@pytest.fixture(params=[Variant(2, "oss"), Variant(1, "oss")], ids=str)
def either(request: pytest.FixtureRequest, standins: Warehouses) -> Warehouse:
    """A server of each generation."""
    return _with_the_whole_sample(standins(request.param))


@pytest.fixture
def myscale(standins: Warehouses) -> Warehouse:
    return _with_the_whole_sample(standins(Variant(2, "oss")))


def _with_the_whole_sample(warehouse: Warehouse) -> Warehouse:
    pq.write_table(warehouse.everything, warehouse.data / "photos.parquet")
    return warehouse


@pytest.mark.parametrize(
    ("statement", "when"),
    [
        ("insert into.*conversions__loading", "before"),
        ("insert into.*conversions__loading", "during"),
        ("insert into.*conversions__loading", "after"),
        ("exchange tables.*__loading", "after"),
        ("drop table if exists.*conversions__loading", "before"),
    ],
)
def test_an_interrupted_load_leaves_complete_tables(
    myscale: Warehouse, server: MyScaleStandIn, statement: str, when: str
) -> None:
    tables = myscale.tables()
    server.drop_connection_on(statement, when=when)
    outcome = myscale.load()
    assert outcome.exit_code == 0 or "either all tables are new or none is" in outcome.output
    assert whole(myscale)
    assert myscale.tables() == tables


class Files(SimpleHTTPRequestHandler):
    """Serve files over HTTP, in ranges on request, as storage like S3 does."""

    protocol_version = "HTTP/1.1"
    account = ""

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.account not in self.headers.get("Authorization", ""):
            self.send_error(403)
            return
        data = Path(self.translate_path(self.path)).read_bytes()
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(span[1]) if span else 0
        end = int(span[2]) + 1 if span and span[2] else len(data)
        body = data[start:end]
        self.send_response(206 if span else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if span:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@contextmanager
def served(folder: Path, handler: type[Files] = Files) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_server_reads_files_at_an_address(either: Warehouse) -> None:
    before = load_ids(either)
    with served(either.data) as address:
        load(either, address).check()
    assert whole(either)
    assert load_ids(either) != before


def test_the_server_reads_files_in_a_bucket_and_its_keys_are_never_shown(
    either: Warehouse,
) -> None:
    class Bucket(Files):
        account = "KEYID"

    keys = {"AWS_ACCESS_KEY_ID": "KEYID", "AWS_SECRET_ACCESS_KEY": "hide/me'"}
    wrong = {"AWS_ACCESS_KEY_ID": "NOBODY", "AWS_SECRET_ACCESS_KEY": "hide/me'"}
    before = load_ids(either)
    with served(either.data.parent, Bucket) as endpoint:
        refused = load(either, "s3://data", AWS_ENDPOINT_URL=endpoint, **wrong)
        assert refused.exit_code == 1
        assert "either all tables are new or none is" in refused.output
        assert "hide" not in refused.output
        assert "NOBODY" not in refused.output
        assert load_ids(either) == before
        load(either, "s3://data", AWS_ENDPOINT_URL=endpoint, **keys).check()
    assert whole(either)
    assert load_ids(either) != before


def test_a_load_is_refused_if_the_rows_differ_from_the_file(myscale: Warehouse) -> None:
    """The same number of rows, but other rows, as after a repeated half of an insert."""

    def doubled(photos: pa.Table) -> pa.Table:
        return pa.concat_tables([photos.slice(0, 100), photos.slice(0, 155)])

    class Changing(Files):
        def do_GET(self) -> None:
            arrived = "select count() from system.parts where active and table = 'photos__loading'"
            if self.path == "/photos.parquet" and myscale.client.command(arrived):
                pq.write_table(doubled(myscale.everything), myscale.data / "photos.parquet")
            super().do_GET()

    before = load_ids(myscale)
    with served(myscale.data, Changing) as address:
        refused = load(myscale, address)
    assert refused.exit_code == 1
    assert "has 255 rows with the checksum" in refused.output
    assert load_ids(myscale) == before
    left = "select count() from system.tables where endsWith(name, '__loading')"
    assert myscale.client.command(left) == 0


def test_vectors_of_two_versions_at_an_address_are_refused(myscale: Warehouse) -> None:
    photos, before = myscale.everything, load_ids(myscale)
    versions = ["another", *photos["embedding_version"].to_pylist()[1:]]
    at = photos.schema.get_field_index("embedding_version")
    mixed = photos.set_column(at, photos.schema.field(at), pa.array(versions))
    pq.write_table(mixed, myscale.data / "photos.parquet")
    with served(myscale.data) as address:
        refused = load(myscale, address)
    assert refused.exit_code == 1
    assert "must hold vectors of one embedding version. Found: " in refused.output
    assert load_ids(myscale) == before


@pytest.mark.parametrize(
    "address", ["https://me:hide@host/photos", "ftp://host/photos", "https://host/photos?key=hide"]
)
def test_an_address_with_an_account_or_of_an_unknown_scheme_is_refused(
    myscale: Warehouse, address: str
) -> None:
    refused = load(myscale, address)
    assert refused.exit_code == 1
    assert "--data must be a folder, or an address https://host/folder" in refused.output
    assert "hide" not in refused.output


def load(warehouse: Warehouse, address: str, **variables: str) -> Outcome:
    return warehouse.dbt.load("--target", "myscale", "--data", address, **variables)


def whole(warehouse: Warehouse) -> bool:
    """Whether the source tables hold all of the sample, from one load."""
    return warehouse.client.query(LOADED).result_rows == [(1, 255, 12000)]


def load_ids(warehouse: Warehouse) -> str:
    return str(warehouse.client.command("select any(load_id) from photo_search_raw.photos"))
