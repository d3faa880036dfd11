"""ClickHouse reads { } * ? in a path as a pattern. A path from a user is never a pattern."""

from pathlib import Path

import clickhouse_connect
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from myscale.test_load import served
from photo_search.errors import WarehouseError
from photo_search.load.origin import is_remote, open_file, remote_file, without_secrets

NAMES = [
    *("x{a,b}", "{1..3}", "2024?", "*", "**", "[1]", "a|b", "a::b", "x.zip :: y", "a%20b", "a%2Fb"),
    *("a'b", 'a"b', "a\\b", "a\nb", " a ", "-x", "~", "$HOME", "кот", "{_partition_id}", "z.gz"),
]
COLUMNS = {"n": "Int64"}


def write(folder: Path, number: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"n": [number]}), folder / "a.parquet")
    return folder / "a.parquet"


def test_a_file_is_read_whatever_the_name_of_its_folder(tmp_path: Path) -> None:
    files = [write(tmp_path / name, number) for number, name in enumerate(NAMES)]
    with clickhouse_connect.get_client(interface="chdb") as engine:
        for number, path in enumerate(files):
            with path.open("rb") as file:
                rows = engine.query(f"select n from {open_file(file, COLUMNS)}").result_rows
            assert rows == [(number,)], path


def test_a_file_at_an_address_is_read_whatever_the_name_of_its_folder(tmp_path: Path) -> None:
    names = [name for name in NAMES if not set(name) & set("?#%\n")]
    for number, name in enumerate(names):
        write(tmp_path / name, number)
    write(tmp_path / "a b", len(names))
    with clickhouse_connect.get_client(interface="chdb") as engine, served(tmp_path) as address:
        for number, name in enumerate([*names, "a%20b"]):
            origin = remote_file(f"{address}/{name}", "a.parquet", COLUMNS)
            assert engine.query(f"select n from {origin}").result_rows == [(number,)], name


@pytest.mark.parametrize("key", ["x{a,b}", "*", "2024?", "x.zip::y"])
def test_a_pattern_in_the_address_of_a_bucket_is_refused(key: str) -> None:
    with pytest.raises(WarehouseError, match="which ClickHouse reads as a pattern"):
        remote_file(f"s3://bucket/{key}", "a.parquet", COLUMNS)


def test_characters_in_the_address_of_a_bucket_are_encoded_as_the_engine_decodes_them() -> None:
    assert "/a%2520b/c%23d/a.parquet" in remote_file("s3://bucket/a%20b/c#d", "a.parquet", COLUMNS)


@pytest.mark.parametrize("address", ["https://{a,b}/x", "https://[::1/x#y", "https://host/x#y"])
def test_an_address_that_means_several_hosts_or_has_a_fragment_is_refused(address: str) -> None:
    with pytest.raises(WarehouseError, match="--data must be a folder, or an address"):
        remote_file(address, "a.parquet", COLUMNS)


def test_a_folder_with_a_colon_and_slashes_in_its_name_is_not_an_address() -> None:
    assert is_remote("s3://bucket/photos")
    assert not is_remote("./a://b")


def test_keys_of_the_environment_are_struck_out_of_a_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hide/me'")
    shown = without_secrets("S3 refused the key hide/me' of a bucket")
    assert shown == "S3 refused the key [AWS_SECRET_ACCESS_KEY] of a bucket"
