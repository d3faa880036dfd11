{#
    A whole number, 0 or more, or null: 3000, 3000.0, 3e3, and 3,000 with a comma, a space, ' or _ between
    groups of three digits. Decimal reads them exactly; to…OrNull() refuses a fraction, a sign and what
    does not fit.
#}

{% macro whole_number(column, data_type="UInt32") -%}
{%- set group = "(?:[, \\'_]([0-9]{3}))" -%}
{%- set without_groups -%}
    replaceRegexpOne(
        {{ given_text(column) }},
        '^([+-]?[0-9]{1,3}){{ group }}{{ group }}?{{ group }}?([.,]0*)?$', '\\1\\2\\3\\4'
    )
{%- endset -%}
    to{{ data_type }}OrNull(toString(toDecimal128OrNull({{ _number_text(without_groups) }}, 9)))
{%- endmacro %}
