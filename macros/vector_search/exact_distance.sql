{# Cosine distance as a plain function, on every engine: for scans and joins. #}

{% macro exact_distance(embedding, query_embedding) -%}
    cosineDistance({{ embedding }}, {{ query_embedding }})
{%- endmacro %}
