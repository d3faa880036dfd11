{# The one form of message: which argument, of which macro, what is allowed, what came. #}

{% macro refuse_argument(macro_name, argument, allowed, value) -%}
    {{ exceptions.raise_compiler_error(
        "`" ~ argument ~ "` argument for " ~ macro_name ~ "() must be " ~ allowed
        ~ ". Got: " ~ (value | string)[:200]
    ) }}
{%- endmacro %}

{# `value` as a number. YAML reads 1e-3 and 1.5e3 as text, so such text is a number too. #}
{% macro require_number(macro_name, argument, value, lowest, highest, is_whole=false) -%}
    {%- set parsed = value | float(none) if value is string else value -%}
    {%- if parsed is not number or parsed is boolean or not lowest <= parsed <= highest
        or is_whole and parsed != parsed | int -%}
        {%- set kind = "a whole number" if is_whole else "a number" -%}
        {%- do vector_search.refuse_argument(
            macro_name, argument, kind ~ " from " ~ lowest ~ " to " ~ highest, value
        ) -%}
    {%- endif -%}
    {{ return(parsed) }}
{%- endmacro %}

{% macro require_whole_number(macro_name, argument, value, lowest, highest) -%}
    {{ return(vector_search.require_number(macro_name, argument, value, lowest, highest, true) | int) }}
{%- endmacro %}

{% macro require_text(macro_name, argument, value, longest) -%}
    {%- if value is not string or not 1 <= value | length <= longest or "\0" in value -%}
        {%- do vector_search.refuse_argument(
            macro_name, argument, "text of 1 to " ~ longest ~ " characters", value
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro require_list(macro_name, argument, value, longest, what) -%}
    {%- if value is string or value is mapping or value is not sequence or not 1 <= value | length <= longest -%}
        {%- do vector_search.refuse_argument(
            macro_name, argument, "a list of 1 to " ~ longest ~ " " ~ what, value
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro require_one_of(macro_name, argument, value, choices) -%}
    {%- if value not in choices -%}
        {%- do vector_search.refuse_argument(macro_name, argument, "one of " ~ choices | join(", "), value) -%}
    {%- endif -%}
{%- endmacro %}

{# YAML makes a date of an unquoted 2024-01-31, so a date is allowed as well as text. #}
{% macro require_date(macro_name, argument, value) -%}
    {%- if not vector_search.is_date(value | string) -%}
        {%- do vector_search.refuse_argument(macro_name, argument, "a date as 2024-01-31", value) -%}
    {%- endif -%}
{%- endmacro %}

{# Whether text is a day of the calendar, which 2024-02-30 is not. #}
{% macro is_date(text) -%}
    {%- set parts = modules.re.fullmatch(
        "(?!0000)([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", text
    ) -%}
    {%- if not parts -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set first_day = modules.datetime.date(parts[1] | int, parts[2] | int, 1) -%}
    {%- set day = first_day + modules.datetime.timedelta(days=parts[3] | int - 1) -%}
    {{ return(day.month == first_day.month) }}
{%- endmacro %}
