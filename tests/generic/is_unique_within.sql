{# Fails on every `period` with a duplicate value of the column. It is cheaper than `unique`,
    and as strict if equal values always have the same period. #}

{% test is_unique_within(model, column_name, period) -%}
{{ config(meta={
    "finding": "{model} has a repeated {column_name} in {failures:,} values of {period}.",
    "advice": "Run `dbt build --full-refresh --select {model}`.",
}) }}
select
    {{ period }},
    count() as count_rows,
    uniqExact({{ column_name }}) as count_values

from {{ model }}

group by {{ period }}

having count_values < count_rows
{%- endtest %}
