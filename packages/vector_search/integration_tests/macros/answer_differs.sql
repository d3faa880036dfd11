{# Select statement that returns a row unless a search answers `expected`: keys and distances, nearest first. #}
{% macro answer_differs(search, key, expected) -%}
select
    arrayStringConcat(
        groupArray(concat(toString({{ key }}), ' ', toString(round(toFloat64(distance) + 1e-9, 2)))), ', '
    ) as found,
    groupArray(toInt64(similarity_rank)) as ranks

from (
    select * from ({{ search }}) order by similarity_rank asc
)

having
    found != {{ vector_search.text_literal(expected) }}
    or ranks != arrayMap(rank -> rank + ranks[1] - 1, arrayEnumerate(ranks))
{%- endmacro %}

{# Run statements that dbt does not know of, such as those that damage a table. #}
{% macro run_statements(statements) -%}
    {%- for statement in statements -%}
        {%- do run_query(statement) -%}
    {%- endfor -%}
{%- endmacro %}
