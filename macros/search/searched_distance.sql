{#
    Cosine distance, 1 - cos: 0 is the same picture, 2 the opposite; in the form that a vector index
    serves. The same numbers on every engine.
#}

{% macro searched_distance(embedding, target_embedding) -%}
    {{ return(adapter.dispatch("searched_distance")(embedding, target_embedding)) }}
{%- endmacro %}

{% macro default__searched_distance(embedding, target_embedding) -%}
    {%- do refuse_engine("searched_distance") -%}
{%- endmacro %}

{% macro clickhouse__searched_distance(embedding, target_embedding) -%}
    cosineDistance({{ embedding }}, {{ target_embedding }})
{%- endmacro %}

{# No function but a search: MyScale allows it only beside the table, with an order by and a limit. #}
{% macro myscale__searched_distance(embedding, target_embedding) -%}
    distance({{ embedding }}, {{ target_embedding }})
{%- endmacro %}
