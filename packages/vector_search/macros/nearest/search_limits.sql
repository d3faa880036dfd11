{#
    The largest `top_k`, and the most keys that one argument names. ClickHouse's limit for a search
    by the index is computed from both.
#}

{% macro search_limits() -%}
    {{ return({"top_k": 1000, "named": 100}) }}
{%- endmacro %}

{#
    How many rows a search finds before the answer is chosen from them: `top_k`, the rows that the
    search names and leaves out, and 16 for ties, which the answer puts in order.
#}
{% macro count_candidates(top_k, count_named) -%}
    {{ return(top_k + count_named + 16) }}
{%- endmacro %}
