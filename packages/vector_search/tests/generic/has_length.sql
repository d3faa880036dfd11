{# Fails on every row whose array does not have exactly `length` numbers. #}

{% test has_length(model, column_name, length) -%}
{{ config(meta={
    "finding": "In {failures:,} rows of {model}, {column_name} is not {wanted_length} numbers long.",
    "advice": "Embed these rows again, and build {model} again.",
}) }}
select
    *,
    {{ length }} as wanted_length
from {{ model }}
where length({{ column_name }}) != {{ length }}
{%- endtest %}
