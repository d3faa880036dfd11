{#
    Delete the rows that `sql` does not return as they are. Their keys are written to the table
    `keys` first: ClickHouse 24.8 deletes every row when the condition itself has an `except`.
#}

{% macro delete_changed_rows(existing, keys, key, sql) -%}
    {%- set cluster = on_cluster_clause(existing) -%}
    {%- do run_query(
        "create table " ~ keys ~ cluster ~ " engine = MergeTree order by tuple() as select " ~ key
        ~ " from (" ~ vector_search._changed_rows(existing, sql) ~ ")"
    ) -%}
    {%- do vector_search.forget_rows(existing) -%}
    {%- do run_query(
        "delete from " ~ existing ~ cluster ~ " where " ~ key ~ " in (select " ~ key ~ " from " ~ keys ~ ")"
    ) -%}
    {%- do adapter.drop_relation(keys) -%}
{%- endmacro %}

{# Fill a table with the rows that will be inserted, so that a run stops before it deletes any when one is refused. #}
{% macro try_out_new_rows(existing, building, sql) -%}
    {%- set columns = adapter.get_columns_in_relation(existing) | map(attribute="quoted") | join(", ") -%}
    {%- do run_query(get_create_table_as_sql(
        False, building, "select " ~ columns ~ " from (" ~ sql ~ ") except select " ~ columns ~ " from " ~ existing
    )) -%}
    {%- do adapter.drop_relation(building) -%}
{%- endmacro %}
