{#
    Fails unless neighbours share their search words `times` as often as random photos. Where `model`,
    the table photo_keywords, is empty, there is nothing to compare; elsewhere no answer, NaN, fails too.
#}

{% test keyword_precision_at_k(model, times=2, top_k=10, photos=500) -%}
select *
from (
    {{ keyword_precision_at_k(top_k, photos) | indent(4) }}
)
where
    not keyword_precision >= {{ times }} * random_precision
    and (select count() from {{ model }}) > 0
{%- endtest %}
