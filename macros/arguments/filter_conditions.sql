{#
    `filters` as a list of conditions on the table photos. A column may be equal to a value, one of a
    list of values, null, {"not": null}, or between {"min": …, "max": …}, both included.
#}

{% macro filter_conditions(macro_name, filters) -%}
    {%- if filters is not none and filters is not mapping -%}
        {%- do vector_search.refuse_argument(macro_name, "filters", "a mapping from columns of photos", filters) -%}
    {%- endif -%}
    {%- set conditions = [] -%}
    {%- if execute and filters -%}
        {%- set columns = {} -%}
        {%- set photos = graph.nodes.values() | selectattr("resource_type", "equalto", "model")
            | selectattr("name", "equalto", "photos") | first -%}
        {%- for column in photos.columns.values() if not column.data_type.startswith("Array") -%}
            {%- do columns.update({column.name: column.data_type}) -%}
        {%- endfor -%}
        {%- for column, wanted in filters.items() -%}
            {%- if column not in columns -%}
                {%- do vector_search.refuse_argument(
                    macro_name, "filters", "by one of " ~ columns | join(", "), column
                ) -%}
            {%- endif -%}
            {%- do conditions.append(
                _filter_condition(macro_name, column, columns[column], wanted)
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(conditions) }}
{%- endmacro %}

{% macro _filter_condition(macro_name, column, data_type, wanted) -%}
    {%- if wanted is none -%}
        {{ return(column ~ " is null") }}
    {%- elif wanted == {"not": none} -%}
        {{ return(column ~ " is not null") }}
    {%- elif wanted is mapping and wanted and not wanted | reject("in", ["min", "max"]) | list -%}
        {%- set bounds = [] -%}
        {%- for bound, operator in {"min": " >= ", "max": " <= "}.items() if bound in wanted -%}
            {%- do bounds.append(
                column ~ operator ~ _filter_literal(macro_name, column, data_type, wanted[bound])
            ) -%}
        {%- endfor -%}
        {{ return(bounds | join(" and ")) }}
    {%- elif wanted is sequence and wanted is not string and wanted is not mapping and wanted -%}
        {%- set values = [] -%}
        {%- for value in wanted -%}
            {%- do values.append(_filter_literal(macro_name, column, data_type, value)) -%}
        {%- endfor -%}
        {{ return(column ~ " in (" ~ values | join(", ") ~ ")") }}
    {%- else -%}
        {{ return(column ~ " = " ~ _filter_literal(macro_name, column, data_type, wanted)) }}
    {%- endif -%}
{%- endmacro %}

{# A value of `filters`, checked against the type of its column. #}
{% macro _filter_literal(macro_name, column, data_type, value) -%}
    {%- set type = data_type | replace("Nullable(", "") -%}
    {%- if type.startswith("String") -%}
        {%- set kind = "text" -%}
        {%- if value is string -%}{{ return(vector_search.text_literal(value)) }}{%- endif -%}
    {%- elif type.startswith("Bool") -%}
        {%- set kind = "true or false" -%}
        {%- if value is boolean -%}{{ return(value | lower) }}{%- endif -%}
    {%- elif type.startswith("Date") -%}
        {%- set kind = "a date as 2024-01-31 or 2024-01-31 23:59:59" -%}
        {%- set clock = "([ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?)?" -%}
        {%- set text = value | string -%}
        {%- if vector_search.is_date(text[:10]) and modules.re.fullmatch(clock, text[10:]) -%}
            {{ return("parseDateTime64BestEffort(" ~ vector_search.text_literal(value) ~ ", 6, 'UTC')") }}
        {%- endif -%}
    {%- else -%}
        {%- set kind = "a number" -%}
        {%- set parsed = value | float(none) if value is string else value -%}
        {%- if parsed is number and parsed is not boolean and parsed - parsed == 0 -%}
            {{ return(parsed) }}
        {%- endif -%}
    {%- endif -%}
    {%- do vector_search.refuse_argument(
        macro_name, "filters." ~ column,
        kind ~ ', a list of such, null, {"not": null} or {"min": …, "max": …}', value
    ) -%}
{%- endmacro %}
