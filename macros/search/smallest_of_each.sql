{# Aggregate expression: the `count` smallest values of a group, ascending, as an array. #}

{% macro smallest_of_each(value, count) -%}
    {{ return(adapter.dispatch("smallest_of_each")(value, count)) }}
{%- endmacro %}

{% macro default__smallest_of_each(value, count) -%}
    {%- do refuse_engine("smallest_of_each") -%}
{%- endmacro %}

{% macro clickhouse__smallest_of_each(value, count) -%}
    groupArraySorted({{ count }})({{ value }})
{%- endmacro %}

{# MyScale 1 has no aggregate function that forgets the rest on the way. #}
{% macro myscale__smallest_of_each(value, count) -%}
    arraySlice(arraySort(groupArray({{ value }})), 1, {{ count }})
{%- endmacro %}
