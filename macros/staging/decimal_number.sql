{# A number from `lowest` to `highest`, or null: 48.85, 48,85, 4.885e1. #}

{% macro decimal_number(column, lowest, highest) -%}
{%- set number = "toFloat64OrNull(" ~ _number_text(given_text(column)) ~ ")" -%}
    if({{ number }} between {{ lowest }} and {{ highest }}, {{ number }}, null)
{%- endmacro %}

{#
    The text of a number that every engine reads alike, or null. Engines disagree about inf, nan,
    1e400 and a lone dot.
#}
{% macro _number_text(text) -%}
    nullIf(extract(
        replaceRegexpOne({{ text }}, '^([+-]?[0-9]+),([0-9]+)$', '\\1.\\2'),
        '(?i)^([+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[+-]?[0-9]{1,2})?)$'
    ), '')
{%- endmacro %}
