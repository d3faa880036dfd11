"""Where Parquet comes from, as a table function of ClickHouse: a file here, or an address."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from photo_search.errors import WarehouseError

SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")


def is_remote(data: str) -> bool:
    """Whether `data` is an address, which the server reads by itself, and not a folder here."""
    return "://" in data


def table_function(data: str, file: str, columns: dict[str, str]) -> str:
    """The Parquet `file` of the folder or address `data` as ClickHouse reads it.

    Keys for s3:// come from the environment, as every tool of AWS takes them. Raises
    WarehouseError for an address of another kind, or one with an account or a query in it.
    """
    structure = ", ".join(f"`{column}` {data_type}" for column, data_type in columns.items())
    if not is_remote(data):
        path = str((Path(data) / file).absolute())
        return f"file({_text(path)}, 'Parquet', {_text(structure)})"
    parts = urlsplit(f"{data.rstrip('/')}/{file}")
    if parts.scheme not in ("s3", "https", "http") or "@" in parts.netloc or "?" in data:
        raise WarehouseError(
            "--data must be a folder, or an address https://host/folder or s3://bucket/folder "
            "without an account or a query. Keys for s3:// are taken from the environment: "
            f"{', '.join(sorted(SECRETS))}. Got: {parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        )
    if parts.scheme != "s3":
        return f"url({_text(parts.geturl())}, 'Parquet', {_text(structure)})"
    address = _s3_address(parts.netloc, parts.path)
    return f"s3({_text(address)}, {_s3_account()}, 'Parquet', {_text(structure)})"


def without_secrets(text: str) -> str:
    """`text` with the keys of the environment struck out."""
    for name in SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, f"[{name}]")
    return text


def _s3_address(bucket: str, path: str) -> str:
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        return f"{endpoint.rstrip('/')}/{bucket}{path}"
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return f"https://{bucket}.s3{f'.{region}' if region else ''}.amazonaws.com{path}"


def _s3_account() -> str:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    keys = [os.environ[name] for name in names if os.environ.get(name)]
    return ", ".join(map(_text, keys)) if len(keys) > 1 else "nosign"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
