{#
    The distance of two vectors in the form that a vector index serves. All engines return the same
    numbers. `alpha` is how far a search of MyScale looks. Only its indexes MSTG and SCANN take one.
#}

{% macro indexed_distance(column, vector, metric="Cosine", alpha=vector_search.setting("search_alpha")) -%}
    {{ return(adapter.dispatch("indexed_distance", "vector_search")(column, vector, metric, alpha)) }}
{%- endmacro %}

{% macro default__indexed_distance(column, vector, metric, alpha) -%}
    {%- do vector_search.refuse_engine("indexed_distance") -%}
{%- endmacro %}

{% macro clickhouse__indexed_distance(column, vector, metric, alpha) -%}
    {{ vector_search.distance(column, vector, metric) }}
{%- endmacro %}

{# On MyScale this is a search, allowed only with the table, an order by and a limit. #}
{% macro myscale__indexed_distance(column, vector, metric, alpha) -%}
    {%- if alpha is none -%}
    distance({{ column }}, {{ vector }})
    {%- else -%}
    {%- set alpha = vector_search.require_number("indexed_distance", "alpha", alpha, 1, 4) -%}
    distance('alpha={{ alpha }}')({{ column }}, {{ vector }})
    {%- endif -%}
{%- endmacro %}

{# Whether the distances that an index returns are those of the metric. If not, they are computed again. #}
{% macro index_measures(metric) -%}
    {{ return(adapter.dispatch("index_measures", "vector_search")(metric)) }}
{%- endmacro %}

{% macro default__index_measures(metric) -%}
    {%- do vector_search.refuse_engine("index_measures") -%}
{%- endmacro %}

{#
    The index of ClickHouse has 1 minus the inner product, by which the engine then sorts from the
    wrong end. Before ClickHouse 26.6 it has the square of an L2 distance. A setting helps only at
    the end of the whole statement, and a search may be a part of one.
#}
{% macro clickhouse__index_measures(metric) -%}
    {{ return(metric == "Cosine") }}
{%- endmacro %}

{# MyScale returns the square of an L2 distance. #}
{% macro myscale__index_measures(metric) -%}
    {{ return(metric != "L2") }}
{%- endmacro %}
