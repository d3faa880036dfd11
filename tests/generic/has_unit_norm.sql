{# Fails on every row whose vector is not 1 long within `tolerance`; NaN, infinity and zeros are not. #}

{% test has_unit_norm(model, column_name, tolerance=0.01) -%}
select *
from {{ model }}
where not ifNull(abs(L2Norm({{ column_name }}) - 1) < {{ tolerance }}, false)
{%- endtest %}
