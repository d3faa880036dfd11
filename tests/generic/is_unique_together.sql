{# Fails on every combination of `columns` that more than one row has. #}

{% test is_unique_together(model, columns) -%}
{{ config(meta={
    "finding": "{failures:,} combinations of {columns} are in more than one row of {model}.",
    "advice": "Run `dbt build --full-refresh --select {model}`.",
}) }}
select
    {{ columns | join(", ") }},
    count() as count_rows

from {{ model }}

group by {{ columns | join(", ") }}

having count_rows > 1
{%- endtest %}
