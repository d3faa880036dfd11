"""The server as a client sees it: version, formats, settings, errors, sessions, compression."""

from __future__ import annotations

import gzip
import io
import ssl
from urllib.parse import urlencode

import clickhouse_connect
import lz4.frame  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clickhouse_connect import common
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from . import MyScaleStandIn
from .client import Client
from .conftest import COLUMNS, ENGINE


def test_the_version_is_that_of_clickhouse_and_not_of_myscale(old: Client, new: Client) -> None:
    assert old.rows("SELECT version()") == [("23.3.2.1",)]
    assert new.rows("SELECT version()") == [("24.8.8.1",)]


def test_an_error_ends_with_the_version_and_has_its_code_in_a_header(
    server: Client,
) -> None:
    answer = server.error("SELECT * FROM no_such_table")
    assert (answer.status, answer.code) == (404, 60)
    assert answer.text.startswith("Code: 60. DB::Exception: ")
    assert answer.text.rstrip().endswith(("(version 23.3.2.1)", "(version 24.8.8.1)"))


def test_ping_answers_without_an_account(server: Client) -> None:
    assert server.request("GET", "/ping").text == "Ok.\n"


def test_a_query_may_be_the_body_or_a_url_parameter(server: Client) -> None:
    assert server.post("SELECT 1 + 1").text == "2\n"
    assert server.request("GET", "/?query=SELECT%201%2B1").text == "2\n"


def test_a_get_request_cannot_write(server: Client, name: str) -> None:
    path = "/?" + urlencode({"query": f"CREATE TABLE {name} (id UInt32) {ENGINE}"})
    assert server.request("GET", path).code == 164


def test_two_statements_in_one_request_are_refused(server: Client) -> None:
    assert server.error("SELECT 1; SELECT 2").code == 62
    assert server.post("SELECT ';';").text == ";\n"


def test_the_answer_names_its_format(server: Client) -> None:
    assert server.post("SELECT 1 FORMAT Native").headers["X-ClickHouse-Format"] == "Native"
    assert server.post("SELECT 1").headers["X-ClickHouse-Format"] == "TabSeparated"


def test_a_setting_in_the_url_reaches_the_engine(server: Client) -> None:
    assert server.rows("SELECT getSetting('max_threads')", max_threads=1) == [(1,)]


def test_an_unknown_setting_is_refused_with_115(server: Client) -> None:
    assert server.error("SELECT 1", no_such_setting=1).code == 115
    assert server.error("SELECT 1 SETTINGS no_such_setting = 1").code == 115


def test_lightweight_deletes_sync_is_unknown_to_generation_1_only(old: Client, new: Client) -> None:
    answer = old.error("SELECT 1", lightweight_deletes_sync=3)
    assert answer.code == 115
    assert "Unknown setting lightweight_deletes_sync" in answer.text
    assert new.post("SELECT 1", lightweight_deletes_sync=3).status == 200


def test_set_holds_for_its_session_and_for_no_other(server: Client, name: str) -> None:
    server.run("SET max_threads = 1", session_id=name)
    assert server.rows("SELECT getSetting('max_threads')", session_id=name) == [(1,)]
    assert server.rows("SELECT getSetting('max_threads') = 1", max_threads=2) == [(False,)]


def test_a_temporary_table_lives_in_its_session(server: Client, name: str) -> None:
    server.run(f"CREATE TEMPORARY TABLE {name} AS SELECT 7 AS x", session_id=name)
    assert server.rows(f"SELECT x FROM {name}", session_id=name) == [(7,)]
    assert server.error(f"SELECT x FROM {name}").code == 60


def test_parameters_of_a_query_may_be_vectors(server: Client) -> None:
    assert server.rows("SELECT {v:Array(Float32)}", param_v="[1.5,2]") == [((1.5, 2),)]


def test_the_data_of_an_insert_may_be_csv_native_or_parquet(server: Client, name: str) -> None:
    server.run(f"CREATE TABLE {name} (id UInt32, v Array(Float32)) {ENGINE}")
    server.run(f'INSERT INTO {name} (id, v) FORMAT CSV\n1,"[1,2]"\n2,"[3,4]"\n')
    file = io.BytesIO()
    pq.write_table(pa.table({"id": [3], "v": pa.array([[5.0, 6.0]], pa.list_(pa.float32()))}), file)
    query = urlencode({"query": f"INSERT INTO {server.database}.{name} FORMAT Parquet"})
    assert server.request("POST", f"/?{query}", file.getvalue()).status == 200
    assert server.post(f"SELECT sum(id), sum(v[2]) FROM {name}").text == "6\t12\n"


@pytest.mark.parametrize("pack", [gzip.compress, lz4.frame.compress], ids=["gzip", "lz4"])
def test_a_compressed_body_is_read(server: Client, name: str, pack: object) -> None:
    server.run(f"CREATE TABLE {name} (id UInt32) {ENGINE}")
    encoding = {"Content-Encoding": "gzip" if pack is gzip.compress else "lz4"}
    packed = pack(b"5\n6\n")  # type: ignore[operator]
    query = urlencode({"query": f"INSERT INTO {server.database}.{name} FORMAT CSV"})
    assert server.request("POST", f"/?{query}", packed, encoding).status == 200
    assert server.post(f"SELECT max(id) FROM {name}").text == "6\n"


def test_a_wrong_password_is_refused_with_516(server: Client) -> None:
    answer = server.request("POST", "/", "SELECT 1", {"X-ClickHouse-Key": "wrong"})
    assert (answer.status, answer.code) == (403, 516)


def test_clickhouse_connect_reads_and_inserts_vectors(server: Client, name: str) -> None:
    client = _connect(server.standin, database=server.database)
    client.command(f"CREATE TABLE {name} ({COLUMNS}) {ENGINE}")
    client.insert(name, [[1, "a", [1.0, 0.0, 0.5]]], column_names=["id", "kind", "v"])
    assert client.query(f"SELECT * FROM {name}").result_rows == [(1, "a", [1.0, 0.0, 0.5])]
    settings = {"enable_brute_force_vector_search": 1}
    found = client.query(
        f"SELECT id FROM {name} ORDER BY distance(v, {{q:Array(Float32)}}) LIMIT 1",
        parameters={"q": [1.0, 0.0, 0.0]},
        settings=settings,
    )
    assert found.result_rows == [(1,)]
    client.close()


def test_clickhouse_connect_sends_unknown_settings_unless_told_to_drop_them(old: Client) -> None:
    settings = {"lightweight_deletes_sync": 3}
    with pytest.raises(DatabaseError, match="Unknown setting lightweight_deletes_sync"):
        _connect(old.standin, settings=settings).query("SELECT 1")
    common.set_setting("invalid_setting_action", "drop")
    try:
        assert _connect(old.standin, settings=settings).query("SELECT 1").first_row == (1,)
    finally:
        common.set_setting("invalid_setting_action", "error")


def test_a_client_trusts_only_the_authority_that_signed_the_certificate() -> None:
    with MyScaleStandIn(2, "cloud", tls=True, user="me", password="secret") as standin:
        assert Client(standin).rows("SELECT 1") == [(1,)]
        trusted = _connect(standin, ca_cert=str(standin.ca_certificate))
        assert trusted.query("SELECT 1").first_row == (1,)
        with pytest.raises(OperationalError, match="certificate verify failed"):
            _connect(standin)
        stranger = Client(standin)
        stranger._tls = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.post("SELECT 1")


def _connect(standin: MyScaleStandIn, **options: object) -> clickhouse_connect.driver.Client:
    return clickhouse_connect.get_client(
        host=standin.host,
        port=standin.port,
        username=standin.user,
        password=standin.password,
        secure=standin.url.startswith("https"),
        **options,  # type: ignore[arg-type]
    )
