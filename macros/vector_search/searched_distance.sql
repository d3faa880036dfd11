{#
    Cosine distance, 1 - cos: 0 is the same picture, 2 the opposite; in the form that a vector index
    serves. The same numbers on every engine. `alpha` is how far a search of MyScale looks.
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

{# No function but a search: MyScale allows it only beside the table, with an order by and a limit. #}
{% macro myscale__searched_distance(embedding, query_embedding, alpha) -%}
    {%- set alpha = require_number("searched_distance", "alpha", alpha, 1, 4) -%}
    distance('alpha={{ alpha }}')({{ embedding }}, {{ query_embedding }})
{%- endmacro %}
