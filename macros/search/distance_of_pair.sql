{#
    Cosine distance of two rows of a join, each with a photo_embed and its vector_norm: between two
    columns, unlike between a column and a constant, dotProduct() is twice as fast.
#}

{% macro distance_of_pair(photo, target) -%}
    {{ return(adapter.dispatch("distance_of_pair")(photo, target)) }}
{%- endmacro %}

{% macro default__distance_of_pair(photo, target) -%}
    {%- do refuse_engine("distance_of_pair") -%}
{%- endmacro %}

{% macro clickhouse__distance_of_pair(photo, target) -%}
    1 - dotProduct({{ photo }}.photo_embed, {{ target }}.photo_embed)
        / ({{ photo }}.vector_norm * {{ target }}.vector_norm)
{%- endmacro %}

{# MyScale 1 has dotProduct() for tuples alone. #}
{% macro myscale__distance_of_pair(photo, target) -%}
    {{ exact_distance(photo ~ ".photo_embed", target ~ ".photo_embed") }}
{%- endmacro %}
