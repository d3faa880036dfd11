{# Fails on every row whose value is below `at_least` or above `at_most`. NaN fails. Null
    passes, so a required value has the test not_null as well. #}

{% test is_between(model, column_name, at_least, at_most) -%}
{{ config(meta={
    "finding": "{column_name} of {model} is {value}, not between {at_least} and {at_most}.",
    "advice": "The description of the column says what that means.",
}) }}
select
    *,
    {{ column_name }} as value

from {{ model }}

where not ({{ column_name }} between {{ at_least }} and {{ at_most }})
{%- endtest %}
