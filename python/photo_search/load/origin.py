"""Where Parquet comes from, as a table function of ClickHouse: a file here, or an address."""

import os
import re
from typing import IO
from urllib.parse import quote

from clickhouse_connect.driver.binding import format_str

from photo_search.errors import WarehouseError

SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")


def is_remote(data: str) -> bool:
    """Whether `data` is an address, which the server reads by itself, and not a folder here."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", data) is not None


def open_file(file: IO[bytes], columns: dict[str, str]) -> str:
    """The Parquet of an open `file` of this process, as an engine in this process reads it.

    The engine is given the descriptor, because it reads { } * ? in a name as a pattern.
    """
    path = f"/dev/fd/{file.fileno()}"
    return f"file({format_str(path)}, 'Parquet', {_structure(columns)})"


def remote_file(data: str, file: str, columns: dict[str, str]) -> str:
    """The Parquet `file` below the address `data`, as ClickHouse reads it.

    Keys for s3:// come from the environment, as every tool of AWS takes them. Raises
    WarehouseError for an address of another kind, with an account or a query, or with a character
    that ClickHouse would read as a pattern.
    """
    address = f"{data.rstrip('/')}/{file}"
    scheme, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    if scheme == "s3":
        return _s3(host, path, columns)
    is_plain = re.fullmatch(r"[A-Za-z0-9._:\[\]-]+", host) and not re.search(r"[?#]", path)
    if scheme not in ("https", "http") or not is_plain:
        raise WarehouseError(
            "--data must be a folder, or an address https://host/folder or s3://bucket/folder "
            "without an account or a query. Keys for s3:// are taken from the environment: "
            f"{', '.join(sorted(SECRETS))}. Got: {scheme}://{host.rpartition('@')[2]}"
        )
    # What is encoded already stays so; a server decodes the rest, and ClickHouse does not.
    letters = quote(path, safe="/%:@!$&'()+,;=~")
    return f"url({format_str(f'{scheme}://{host}/{letters}')}, 'Parquet', {_structure(columns)})"


def without_secrets(text: str) -> str:
    """`text` with the keys of the environment struck out."""
    for name in SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, f"[{name}]")
    return text


def _s3(bucket: str, key: str, columns: dict[str, str]) -> str:
    # ClickHouse decodes the address before it looks for patterns, so these cannot be escaped.
    pattern = re.search(r"[*?{}]|::", key)
    if pattern or not re.fullmatch(r"[A-Za-z0-9._-]+", bucket):
        raise WarehouseError(
            f"An address s3://bucket/folder must not contain {'{ } * ? or ::'}, which ClickHouse "
            f"reads as a pattern, and no account. Found: {pattern[0] if pattern else 'no bucket'}. "
            "Copy the files to a folder with another name, or load them from a folder here."
        )
    address = format_str(_s3_address(bucket, f"/{quote(key)}"))
    return f"s3({address}, {_s3_account()}, 'Parquet', {_structure(columns)})"


def _s3_address(bucket: str, path: str) -> str:
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        return f"{endpoint.rstrip('/')}/{bucket}{path}"
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return f"https://{bucket}.s3{f'.{region}' if region else ''}.amazonaws.com{path}"


def _s3_account() -> str:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    keys = [os.environ[name] for name in names if os.environ.get(name)]
    return ", ".join(map(format_str, keys)) if len(keys) > 1 else "nosign"


def _structure(columns: dict[str, str]) -> str:
    structure: str = format_str(
        ", ".join(f"`{name}` {data_type}" for name, data_type in columns.items())
    )
    return structure
