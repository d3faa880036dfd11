{#
    The largest `top_k`, and the most photos that one argument names. ClickHouse's limit for a
    search by the index is computed from both.
#}

{% macro search_limits() -%}
    {{ return({"top_k": 1000, "photo_ids": 100}) }}
{%- endmacro %}

{#
    How many photos a search finds before the answer is chosen from them: `top_k`, the photos that
    the question names and leaves out, and 16 for ties, which _ranked_photos() puts in order.
#}
{% macro count_candidates(top_k, count_named) -%}
    {{ return(top_k + count_named + 16) }}
{%- endmacro %}
