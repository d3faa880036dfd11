{# Clean text, or null where a program wrote a word for a missing value. #}

{% macro given_text(column) -%}
    nullIf(replaceRegexpOne(
        {{ clean_text(column) }}, '(?i)^(nan|none|null|na|n/a|<na>|nat|\\\\N|-)$', ''
    ), '')
{%- endmacro %}
