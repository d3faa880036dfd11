"""Translate the Postgres of dbt's fixtures to ClickHouse."""

import re

_TYPES = (  # Postgres columns take nulls by default
    (r"\bTIMESTAMP( WITHOUT TIME ZONE)?\b", "Nullable(DateTime64(0))"),
    (r"\bINTEGER\b", "Nullable(Int32)"),
    (r"\bVARCHAR\(\d+\)", "Nullable(String)"),
    (r"\bscd_id(\s+)TEXT\b", r"scd_id\1UInt64"),  # dbt-clickhouse hashes with halfMD5
    (r"\bTEXT\b", "Nullable(String)"),
    (r"\bdefault null\b", ""),
)
_STATEMENTS = (
    (r"\bupdate (\S+)\s+set\b", r"alter table \1 update"),
    (r"\bdrop schema if exists (\S+) cascade\b", r"drop database if exists \1"),
    (r"\bnull::timestamp\b", "null::Nullable(DateTime64(0))"),
    (r"::text\b", "::String"),
    (r"\bmd5\(", "halfMD5("),
    (r"\{database\}\.|(?<=\s)\.(?=\w)", ""),  # ClickHouse has no database above the schema
)


def in_clickhouse(sql: str) -> str:
    """The statement for ClickHouse. What ClickHouse can read is unchanged."""
    if re.search(r"\b(create table|add column)\b", sql, re.IGNORECASE):
        sql = _replace_all(sql, _TYPES)
    return _replace_all(sql, _STATEMENTS)


def with_clickhouse_types(text: str) -> str:
    """A model or its YAML, with ClickHouse's types in place of Postgres's types and literals."""
    return _replace_all(
        text,
        (
            (r"data_type: integer\b", "data_type: Int32"),
            (r"data_type: text\b", "data_type: String"),
            (r"(?<=\s)(\d+) as (id|n|error)\b", r"toInt32(\1) as \2"),
        ),
    )


def _replace_all(text: str, replacements: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in replacements:
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    return text
