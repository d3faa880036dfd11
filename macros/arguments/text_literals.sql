{% macro text_literals(values) -%}
    {%- for value in values -%}
        {{ text_literal(value) }}{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
