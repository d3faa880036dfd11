"""Convert types between ClickHouse and Arrow, and cut rows into blocks."""

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.ddl import arrow_schema_to_column_defs
from dbt.adapters.clickhouse.column import ClickHouseColumn

BLOCK_BYTES = 64 * 2**20

# Types that ClickHouse writes to Arrow as bare numbers or not at all, and how to convert them.
CONVERTED = {
    r"Date": "toDate32({})",
    r"DateTime(\(.+\))?": "toDateTime64({}, 0)",
    r"UUID|IPv[46]|Enum\d+\(.+\)": "toString({})",
}
# Types that are the same in Arrow. For others, only the engine can say which type it stores.
PLAIN = r"((Array|Nullable|LowCardinality)\()*(U?Int(8|16|32|64)|Float(32|64)|String|Bool)\)*"
FRACTION_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def are_plain(types: Iterable[str]) -> bool:
    """Whether a select statement of these types can be read without in_arrow_types()."""
    return all(re.fullmatch(PLAIN, type_) for type_ in types)


def in_arrow_types(sql: str, columns: Iterable[ClickHouseColumn]) -> str:
    """`sql`, with each of its columns in a type that keeps its meaning in Arrow."""
    said = [
        f"{expression.format(column.quoted)} as {column.quoted}"
        for column in columns
        for pattern, expression in CONVERTED.items()
        if re.fullmatch(pattern, column.dtype)
    ]
    return f"select * replace ({', '.join(said)}) from ({sql})" if said else sql


def with_vectors(table: pa.Table) -> pa.Table:
    """Lists of numbers of one length as fixed-size lists, without a copy."""
    for position, field in enumerate(table.schema):
        if pa.types.is_list(field.type) and pa.types.is_floating(field.type.value_type):
            lists = table[position]
            lengths = pc.min_max(pc.list_value_length(lists)).as_py()
            if lengths["min"] and lengths["min"] == lengths["max"] and not lists.null_count:
                vectors = [
                    pa.FixedSizeListArray.from_arrays(chunk.flatten(), lengths["min"])
                    for chunk in lists.chunks
                ]
                table = table.set_column(position, field.name, pa.chunked_array(vectors))
    return table


def clickhouse_type(column: pa.ChunkedArray) -> str:
    """The ClickHouse type of a column with these values, Nullable if it has nulls."""
    name = _clickhouse_name(column.type)
    return f"Nullable({name})" if column.null_count and not name.startswith("Array") else name


def _clickhouse_name(data_type: pa.DataType) -> str:
    if _is_list(data_type):
        return f"Array({_clickhouse_name(data_type.value_type)})"
    if pa.types.is_dictionary(data_type):
        return _clickhouse_name(data_type.value_type)
    if pa.types.is_timestamp(data_type):
        zone = f", '{data_type.tz}'" if data_type.tz else ""
        return f"DateTime64({FRACTION_DIGITS[data_type.unit]}{zone})"
    if pa.types.is_decimal(data_type):
        return f"Decimal({data_type.precision}, {data_type.scale})"
    if _kind(data_type) == "text":
        return "String"
    [definition] = arrow_schema_to_column_defs(pa.schema([("column", data_type)]))
    return definition.ch_type.name


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """`table` with the columns of `schema`, in its order and types, without loss.

    Raises TypeError for a value of another kind. Raises ValueError for other columns, a value out
    of range, or a null in a column that takes none. The engine checks nulls inside a list.
    """
    if set(table.column_names) != set(schema.names):
        raise ValueError(
            f"the columns must be {', '.join(schema.names)}. Got: {', '.join(table.column_names)}"
        )
    columns = []
    for field in schema:
        column = table[field.name]
        if _kind(column.type) not in (_kind(field.type), "null"):
            raise TypeError(f"column `{field.name}` must be {field.type}. Got: {column.type}")
        if column.null_count and not field.nullable:
            raise ValueError(f"column `{field.name}` takes no nulls. Got: {column.null_count}")
        try:
            columns.append(column.cast(field.type))
        except pa.ArrowInvalid as error:
            raise ValueError(f"column `{field.name}` must be {field.type}. {error}") from error
    return pa.table(columns, schema=schema)


def _kind(data_type: pa.DataType) -> str:
    """The kind of a value, whatever its width. A cast between two kinds would be a guess."""
    types = pa.types
    if _is_list(data_type):
        return f"list of {_kind(data_type.value_type)}"
    if types.is_dictionary(data_type):
        return _kind(data_type.value_type)
    if types.is_integer(data_type) or types.is_floating(data_type) or types.is_decimal(data_type):
        return "number"
    if types.is_timestamp(data_type) or types.is_date(data_type):
        return "time"
    name = str(data_type)
    return "text" if "string" in name or "binary" in name else name


def _is_list(data_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(data_type)
        or pa.types.is_large_list(data_type)
        or pa.types.is_fixed_size_list(data_type)
    )


def blocks(tables: Iterable[pa.Table], size: int = BLOCK_BYTES) -> Iterator[pa.Table]:
    """The rows of `tables`, which have one schema, in blocks of about `size` bytes."""
    waiting: list[pa.Table] = []
    for table in tables:
        rows = max(1, size * table.num_rows // max(1, table.nbytes))
        for start in range(0, table.num_rows, rows):
            waiting.append(table.slice(start, rows))
            if sum(part.nbytes for part in waiting) >= size:
                yield pa.concat_tables(waiting)
                waiting = []
    if waiting:
        yield pa.concat_tables(waiting)
