{# Fails if searches through the index of `model`, the table photos, find less than `at_least`
    of the true nearest photos. A single photo has none. #}

{% test recall_at_k(model, at_least=0.95, top_k=10, count_query_photos=30) -%}
{{ config(meta={
    "finding": "Searches through the vector index of {model} find {percent} % of the true nearest photos, and must find at least {least} %.",
    "advice": "Run `dbt build --full-refresh --select {model}`. If that is not enough, raise the var search_list_size (on MyScale: search_alpha).",
}) }}
select
    *,
    round(100 * recall, 1) as percent,
    toUInt8(round(100 * {{ at_least }})) as least

from (
    {{ recall_at_k(top_k, count_query_photos) | indent(4) }}
)

where count_nearest > 0 and not recall >= {{ at_least }}
{%- endtest %}
