{# Whether `existing` needs a new table, or its rows can be updated. #}

{% macro must_be_rebuilt(existing, index, sql) -%}
    {%- if existing is none or should_full_refresh() or existing.type != "table" -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set indexes = run_query(vector_search.index_status_query(existing)).rows -%}
    {%- if indexes | length != 1
        or indexes[0].index_name != index.name
        or indexes[0].index_type != index.type
        or indexes[0].status != "Built"
        or not vector_search.has_columns_of(existing, sql)
        or not vector_search.is_whole(existing) -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(vector_search.deleted_rows_stay_in_the_index() and vector_search.has_changed_rows(existing, sql)) }}
{%- endmacro %}

{% macro deleted_rows_stay_in_the_index() -%}
    {{ return(adapter.dispatch("deleted_rows_stay_in_the_index", "vector_search")()) }}
{%- endmacro %}

{% macro default__deleted_rows_stay_in_the_index() -%}
    {%- do vector_search.refuse_engine("deleted_rows_stay_in_the_index") -%}
{%- endmacro %}

{#
    In ClickHouse a deleted row stays in the graph until the next merge and takes the place of a
    true neighbour. So changed and vanished rows need a new table.
#}
{% macro clickhouse__deleted_rows_stay_in_the_index() -%}
    {{ return(true) }}
{%- endmacro %}

{# MyScale masks deleted rows before it picks the nearest. #}
{% macro myscale__deleted_rows_stay_in_the_index() -%}
    {{ return(false) }}
{%- endmacro %}

{% macro has_columns_of(existing, sql) -%}
    {%- set wanted = [] -%}
    {%- for column in adapter.get_column_schema_from_query(sql) -%}
        {%- do wanted.append(column.name ~ " " ~ column.data_type) -%}
    {%- endfor -%}
    {%- set present = [] -%}
    {%- for column in adapter.get_columns_in_relation(existing) -%}
        {%- do present.append(column.name ~ " " ~ column.data_type) -%}
    {%- endfor -%}
    {{ return(wanted | sort == present | sort) }}
{%- endmacro %}

{# Whether `existing` has a row that `sql` does not return as it is. #}
{% macro has_changed_rows(existing, sql) -%}
    {%- set changed = run_query(
        "select 1 from (" ~ vector_search._changed_rows(existing, sql) ~ ") limit 1"
    ) -%}
    {{ return(changed.rows | length > 0) }}
{%- endmacro %}

{% macro _changed_rows(existing, sql) -%}
    {%- set columns = adapter.get_columns_in_relation(existing) | map(attribute="quoted") | join(", ") -%}
    select {{ columns }} from {{ existing }} except select {{ columns }} from ({{ sql }})
{%- endmacro %}
