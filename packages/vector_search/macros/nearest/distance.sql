{#
    The distance of two vectors as a plain function, on every engine: for scans and joins. Of the
    metric IP it is the inner product, which is larger for nearer rows.
#}

{% macro distance(column, vector, metric="Cosine") -%}
    {{ vector_search.distance_function(metric) }}({{ column }}, {{ vector }})
{%- endmacro %}

{% macro distance_function(metric) -%}
    {{ return({"Cosine": "cosineDistance", "L2": "L2Distance", "IP": "dotProduct"}[metric]) }}
{%- endmacro %}
