{# Backslashes come first, then quotes. dbt.string_literal() escapes neither for ClickHouse. #}

{% macro text_literal(value) -%}
    '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}
