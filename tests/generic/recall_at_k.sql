{#
    Fails when searches through the index of `model`, the table photos, find less than `at_least` of the
    true nearest. A single photo has no nearest one, and none can be missed.
#}

{% test recall_at_k(model, at_least=0.95, top_k=10, photos=30) -%}
select *
from (
    {{ recall_at_k(top_k, photos) | indent(4) }}
)
where count_nearest > 0 and not recall >= {{ at_least }}
{%- endtest %}
