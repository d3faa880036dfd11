{#
    Merge a filled table to few parts, add the index and come back when it covers every row. Merging
    comes first: every merge builds the graph of the merged part from the start.
#}

{% macro build_index(relation, index) -%}
    {%- set table = relation ~ on_cluster_clause(relation) -%}
    {%- do vector_search.require_dimension(relation, index) -%}
    {%- do run_query("optimize table " ~ table ~ " final") -%}
    {%- do adapter.dispatch("add_index", "vector_search")(table, index) -%}
    {%- do vector_search.wait_for_index(relation) -%}
{%- endmacro %}

{% macro default__add_index(table, index) -%}
    {%- do vector_search.refuse_engine("add_index") -%}
{%- endmacro %}

{% macro clickhouse__add_index(table, index) -%}
    {%- do run_query(
        "alter table " ~ table ~ " add index " ~ index.name ~ " " ~ index.column ~ " type " ~ index.type
    ) -%}
    {%- do run_query(
        "alter table " ~ table ~ " materialize index " ~ index.name ~ " settings mutations_sync = 2"
    ) -%}
{%- endmacro %}

{% macro myscale__add_index(table, index) -%}
    {%- do run_query(
        "alter table " ~ table ~ " add vector index " ~ index.name ~ " " ~ index.column
        ~ " type " ~ index.type
    ) -%}
{%- endmacro %}

{# Stop when the vectors do not have the dimension of their index. An index says so only after a merge, at length. #}
{% macro require_dimension(relation, index) -%}
    {%- set shortest, longest, count_rows = run_query(
        "select min(length(" ~ index.column ~ ")), max(length(" ~ index.column ~ ")), count() from " ~ relation
    ).rows[0] -%}
    {%- if count_rows and not shortest == longest == index.dimension -%}
        {{ exceptions.raise_compiler_error(
            "The column " ~ index.column ~ " of " ~ this ~ " must have vectors of " ~ index.dimension
            ~ " numbers, which is the dimension of its `vector_index`. Got: " ~ shortest
            ~ (" to " ~ longest if shortest != longest else "") ~ " numbers"
        ) }}
    {%- endif -%}
{%- endmacro %}
