{#
    How `dbt show` cuts an answer. dbt appends the limit, but nothing may follow the settings that end
    a question, or dbt-clickhouse's test of relationships. So the limit goes around such a statement.
#}

{% macro clickhouse__get_limit_sql(sql, limit) -%}
    {%- if limit is none -%}
{{ sql }}
    {%- elif "settings" in sql | lower -%}
select * from (
{{ sql }}
)
limit {{ limit }}
    {%- else -%}
{{ sql }}
limit {{ limit }}
    {%- endif -%}
{%- endmacro %}
