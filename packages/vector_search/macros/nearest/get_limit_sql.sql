{#
    The limit of `dbt show`. dbt appends it, but nothing may follow the settings that end a
    question. So such a statement becomes a subquery. dbt-clickhouse's test of relationships needs
    the same.
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
