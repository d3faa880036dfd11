{# Cosine distance as a plain function, on every engine: for scans and joins. #}

{% macro exact_distance(embedding, target_embedding) -%}
    cosineDistance({{ embedding }}, {{ target_embedding }})
{%- endmacro %}
