{# Every refusal of an argument reads the same: which argument, of which macro, what is allowed, what came. #}

{% macro refuse_argument(macro_name, argument, allowed, value) -%}
    {{ exceptions.raise_compiler_error(
        "`" ~ argument ~ "` argument for " ~ macro_name ~ "() must be " ~ allowed
        ~ ". Got: " ~ (value | string)[:200]
    ) }}
{%- endmacro %}

{% macro require_whole_number(macro_name, argument, value, lowest, highest) -%}
    {%- if value is not integer or value is boolean or value < lowest or value > highest -%}
        {%- do refuse_argument(
            macro_name, argument, "a whole number from " ~ lowest ~ " to " ~ highest, value
        ) -%}
    {%- endif -%}
{%- endmacro %}

{# NaN is in no interval. #}
{% macro require_number(macro_name, argument, value, lowest, highest) -%}
    {%- if value is not number or value is boolean or not lowest <= value <= highest -%}
        {%- do refuse_argument(
            macro_name, argument, "a number from " ~ lowest ~ " to " ~ highest, value
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro require_text(macro_name, argument, value, longest) -%}
    {%- if value is not string or not 1 <= value | length <= longest -%}
        {%- do refuse_argument(
            macro_name, argument, "text of 1 to " ~ longest ~ " characters", value
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro require_one_of(macro_name, argument, value, choices) -%}
    {%- if value not in choices -%}
        {%- do refuse_argument(macro_name, argument, "one of " ~ choices | join(", "), value) -%}
    {%- endif -%}
{%- endmacro %}

{# YAML reads 0123, 1_000, NO and 2024-01-01 as something else than text; the message shows the way out. #}
{% macro require_photo_id(macro_name, argument, value) -%}
    {%- if value is not string -%}
        {%- do refuse_argument(
            macro_name, argument, 'text in double quotes, as in \'{"photo_id": "01234567012"}\'', value
        ) -%}
    {%- elif not modules.re.fullmatch("[A-Za-z0-9_-]{1,64}", value) -%}
        {%- do refuse_argument(
            macro_name, argument, "1 to 64 letters, digits, - or _", value
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro require_photo_ids(macro_name, argument, value) -%}
    {%- if value is string or value is mapping or value is not sequence
        or not 1 <= value | length <= 100 -%}
        {%- do refuse_argument(macro_name, argument, "a list of 1 to 100 photos", value) -%}
    {%- endif -%}
    {%- for photo_id in value -%}
        {%- do require_photo_id(macro_name, argument, photo_id) -%}
    {%- endfor -%}
{%- endmacro %}

{# Also a date that YAML made of an unquoted 2024-01-31. #}
{% macro require_date(macro_name, argument, value) -%}
    {%- if not modules.re.fullmatch("\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])", value | string) -%}
        {%- do refuse_argument(macro_name, argument, "a date as 2024-01-31", value) -%}
    {%- endif -%}
{%- endmacro %}
