{# Merge a filled table to few parts, add the index and come back when it covers every row. #}

{% macro build_vector_index(relation, index) -%}
    {{ adapter.dispatch("build_vector_index")(relation, index) }}
{%- endmacro %}

{% macro default__build_vector_index(relation, index) -%}
    {%- do refuse_engine("build_vector_index") -%}
{%- endmacro %}

{# Merging comes first: every merge builds the graph of the merged part from the start. #}
{% macro clickhouse__build_vector_index(relation, index) -%}
    {%- set table = relation ~ on_cluster_clause(relation) -%}
    {%- do run_query("optimize table " ~ table ~ " final") -%}
    {%- do run_query(
        "alter table " ~ table ~ " add index " ~ index.name ~ " " ~ index.column ~ " type " ~ index.type
    ) -%}
    {%- do run_query(
        "alter table " ~ table ~ " materialize index " ~ index.name ~ " settings mutations_sync = 2"
    ) -%}
    {%- do wait_for_vector_index(relation) -%}
{%- endmacro %}

{% macro myscale__build_vector_index(relation, index) -%}
    {%- set table = relation ~ on_cluster_clause(relation) -%}
    {%- do run_query("optimize table " ~ table ~ " final") -%}
    {%- do run_query(
        "alter table " ~ table ~ " add vector index " ~ index.name ~ " " ~ index.column
        ~ " type " ~ index.type
    ) -%}
    {%- do wait_for_vector_index(relation) -%}
{%- endmacro %}
