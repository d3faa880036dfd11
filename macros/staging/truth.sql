{# True, false, or null: t, True, TRUE, yes, y, on, 1, 1.0 and their opposites. #}

{% macro truth(column) -%}
{%- set given = given_text(column) -%}
    cast(multiIf(
        match({{ given }}, '(?i)^(t|true|y|yes|on|1(\\.0*)?)$'), true,
        match({{ given }}, '(?i)^(f|false|n|no|off|0(\\.0*)?)$'), false,
        null
    ), 'Nullable(Bool)')
{%- endmacro %}
