{#
    Cosine distance in the form that a vector index serves: 0 is the same picture, 2 the opposite.
    All engines return the same numbers. `alpha` is how far a search of MyScale looks.
#}

{% macro searched_distance(embedding, query_embedding, alpha=var("search_alpha")) -%}
    {{ return(adapter.dispatch("searched_distance")(embedding, query_embedding, alpha)) }}
{%- endmacro %}

{% macro default__searched_distance(embedding, query_embedding, alpha) -%}
    {%- do refuse_engine("searched_distance") -%}
{%- endmacro %}

{% macro clickhouse__searched_distance(embedding, query_embedding, alpha) -%}
    cosineDistance({{ embedding }}, {{ query_embedding }})
{%- endmacro %}

{# On MyScale this is a search, allowed only with the table, an order by and a limit. #}
{% macro myscale__searched_distance(embedding, query_embedding, alpha) -%}
    {%- set alpha = require_number("searched_distance", "alpha", alpha, 1, 4) -%}
    distance('alpha={{ alpha }}')({{ embedding }}, {{ query_embedding }})
{%- endmacro %}
