{# Fails on every group in which the ranks of the column are not 1, 2, 3 and so on. #}

{% test has_ranks_without_gaps(model, column_name, group_by) -%}
{{ config(meta={
    "finding": "{failures:,} values of {group_by} in {model} have a {column_name} that is not 1, 2, 3 and so on.",
    "advice": "Run `dbt build --full-refresh --select {model}`.",
}) }}
select
    {{ group_by }},
    groupArray({{ column_name }}) as ranks

from {{ model }}

group by {{ group_by }}

having arraySort(ranks) != arrayMap(rank -> toUInt64(rank), range(1, count() + 1))
{%- endtest %}
