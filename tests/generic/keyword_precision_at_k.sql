{# Warns unless neighbours share their search words `times` as often as random photos. Correct
    data can fail. If most photos share a word, even perfect neighbours cannot share words twice as
    often. `model`, the table photo_keywords, must have more than twice `top_k` photos. Otherwise
    most pairs are neighbours. #}

{% test keyword_precision_at_k(model, times=2, top_k=10, count_query_photos=500) -%}
{{ config(severity="warn", meta={
    "finding": "{near} % of similar photos share a search word, and {random} % of random photos do.",
    "advice": "This is ordinary with few downloads or with one common keyword. Otherwise try a model that sees more: `photo-search embed --model NAME --re-embed`.",
}) }}
select
    round(100 * keyword_precision, 1) as near,
    round(100 * random_precision, 1) as random

from (
    {{ keyword_precision_at_k(top_k, count_query_photos) | indent(4) }}
)

where
    not keyword_precision >= {{ times }} * random_precision
    and (select uniqExact(photo_id) from {{ model }}) > 2 * {{ top_k }}
{%- endtest %}
