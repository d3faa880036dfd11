{# Fails if searches through the index of `model` find less than `at_least` of the true `k` nearest
    rows, for `count_query_rows` rows. A single row has none. #}

{% test recall_at_k(model, at_least=0.95, k=10, count_query_rows=30) -%}
{{ config(meta={
    "finding": "Searches through the vector index of {model} find {percent} % of the true nearest rows, and must find at least {least} %.",
    "advice": "Run `dbt build --full-refresh --select {model}`. If that is not enough, raise the var search_list_size (on MyScale: search_alpha).",
}) }}
select
    *,
    round(100 * recall, 1) as percent,
    toUInt8(round(100 * {{ at_least }})) as least

from (
    {{ vector_search.recall_at_k(model, k, count_query_rows) | indent(4) }}
)

where count_nearest > 0 and not recall >= {{ at_least }}
{%- endtest %}
