{# Backslashes first, then quotes: dbt.string_literal() escapes neither as ClickHouse reads them. #}

{% macro text_literal(value) -%}
    '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}
