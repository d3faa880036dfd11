{#
    Stop before `relation` is filled when the server does not know the type of its index. An empty
    table of that name tries it out. A failed run drops it like an unfinished table.
#}

{% macro require_index_type(relation, index) -%}
    {{ adapter.dispatch("require_index_type", "vector_search")(relation, index) }}
{%- endmacro %}

{% macro default__require_index_type(relation, index) -%}
    {%- do vector_search.refuse_engine("require_index_type") -%}
{%- endmacro %}

{# Every supported ClickHouse has the type. #}
{% macro clickhouse__require_index_type(relation, index) -%}
{%- endmacro %}

{% macro myscale__require_index_type(relation, index) -%}
    {%- set table = relation ~ on_cluster_clause(relation) -%}
    {%- do run_query(
        "create table " ~ table ~ " (v Array(Float32), constraint size check length(v) = "
        ~ index.dimension ~ ") engine = MergeTree order by tuple()"
    ) -%}
    {%- do run_query("alter table " ~ table ~ " add vector index v v type " ~ index.type) -%}
    {%- do adapter.drop_relation(relation) -%}
{%- endmacro %}
