{# The largest question about similar photos, said once: the index must still be asked for it. #}

{% macro search_limits() -%}
    {{ return({"top_k": 1000, "photo_ids": 100}) }}
{%- endmacro %}

{#
    How many photos a search finds before the answer is chosen from them: `top_k`, those that the
    question names and leaves out, and 16 for ties, which _ranked_photos() puts in order.
#}
{% macro count_candidates(top_k, count_named) -%}
    {{ return(top_k + count_named + 16) }}
{%- endmacro %}
