{# YAML reads 0123, 1_000, NO and 2024-01-01 as other types. The message shows what to write. #}
{% macro require_photo_id(macro_name, argument, value) -%}
    {%- if value is not string -%}
        {%- do vector_search.refuse_argument(
            macro_name, argument, 'text in double quotes, as in \'{"photo_id": "01234567012"}\'', value
        ) -%}
    {%- elif not modules.re.fullmatch("[A-Za-z0-9_-]{1,64}", value) -%}
        {%- do vector_search.refuse_argument(
            macro_name, argument, "1 to 64 letters, digits, - or _", value
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro require_photo_ids(macro_name, argument, value) -%}
    {%- do vector_search.require_list(
        macro_name, argument, value, vector_search.search_limits().named, "photos"
    ) -%}
    {%- for photo_id in value -%}
        {%- do require_photo_id(macro_name, argument, photo_id) -%}
    {%- endfor -%}
{%- endmacro %}
