{# Fails on every row whose vector does not have length 1 within `tolerance`. NaN, infinity and
    zeros fail too. #}

{% test has_unit_norm(model, column_name, tolerance=0.01) -%}
{{ config(meta={
    "finding": "In {failures:,} rows of {model}, {column_name} is not a vector of unit length.",
    "advice": "Embed these rows again, and build {model} again.",
}) }}
select *
from {{ model }}
where not ifNull(abs(L2Norm({{ column_name }}) - 1) < {{ tolerance }}, false)
{%- endtest %}
