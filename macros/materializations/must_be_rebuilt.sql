{#
    A deleted row stays in the graph until the next merge and takes a true neighbour's place in the
    answers, so changed and vanished rows cost a rebuild, which searches do not notice.
#}

{% macro must_be_rebuilt(existing, index, sql) -%}
    {%- if existing is none or should_full_refresh() or existing.type != "table" -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set indexes = run_query(_vector_index_status(existing)).rows -%}
    {%- if indexes | length != 1
        or indexes[0].index_name != index.name
        or indexes[0].index_type != index.type
        or indexes[0].status != "Built"
        or not has_columns_of(existing, sql) -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(has_changed_rows(existing, sql)) }}
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

{# Whether `existing` holds a row that `sql` has otherwise or no more. #}
{% macro has_changed_rows(existing, sql) -%}
    {%- set columns = adapter.get_columns_in_relation(existing) | map(attribute="quoted") | join(", ") -%}
    {%- set changed = run_query(
        "select 1 from (select " ~ columns ~ " from " ~ existing
        ~ " except select " ~ columns ~ " from (" ~ sql ~ ")) limit 1"
    ) -%}
    {{ return(changed.rows | length > 0) }}
{%- endmacro %}
