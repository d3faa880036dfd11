{#
    The distance of two vectors in the form that a vector index serves. All engines return the same
    numbers. `alpha` is how far a search of MyScale looks.
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
    {%- set alpha = vector_search.require_number("indexed_distance", "alpha", alpha, 1, 4) -%}
    distance('alpha={{ alpha }}')({{ column }}, {{ vector }})
{%- endmacro %}
