{# Fails on every row whose value is below `at_least` or above `at_most`; NaN is neither. #}

{% test is_between(model, column_name, at_least, at_most) -%}
select *
from {{ model }}
where not ifNull({{ column_name }} between {{ at_least }} and {{ at_most }}, false)
{%- endtest %}
