{# Values as SQL, with commas between them: numbers as they are, and everything else as text. #}

{% macro literals(values) -%}
    {%- for value in values -%}
        {{ value if value is number and value is not boolean else vector_search.text_literal(value) }}
        {{- ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
