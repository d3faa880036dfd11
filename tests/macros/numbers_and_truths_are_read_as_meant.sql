{{ config(meta={
    "finding": "The macro for {kind} reads {written} as {actual}, not as {expected}.",
    "advice": "Correct the macro: this engine reads it differently.",
}) }}

{# The same on every engine: what pandas and people write, and what is not a number. #}

{%- set whole_numbers = {
    "3000": 3000, "3000.0": 3000, "3e3": 3000, "4E+2": 400, "+5": 5, " 12\u00a0": 12, "\ufeff42": 42, "007": 7, "-0": 0,
    "1,234": 1234, "1 234 567": 1234567, "1\u202f234": 1234, "3'000": 3000, "1_000": 1000, "3000,0": 3000,
    "4294967295": 4294967295, "4294967296": none, "-5": none, "3000.5": none, "12,5": none, "1.234.567": none,
    "1e99": none, "1e400": none, "inf": none, "NaN": none, "None": none, "null": none, "<NA>": none, "tall": none,
    "": none, ".": none, "-": none, "0x10": none, "99999999999999999999999999999999999999999": none
} %}
{%- set decimal_numbers = {
    "48.85": 48.85, "48,85": 48.85, "-33.5": -33.5, "37.7749295": 37.7749295, "1e1": 10, "-.5": -0.5, "90": 90,
    "90.0000001": none, "-91": none, "nan": none, "inf": none, "48°": none, ".": none, "N/A": none
} %}
{%- set truths = {
    "t": true, "T": true, "True": true, "true": true, "TRUE": true, "1": true, "1.0": true, "yes": true,
    " Y ": true,
    "f": false, "False": false, "0": false, "0.0": false, "no": false, "N": false, "off": false,
    "NaN": none, "": none, "maybe": none, "2": none
} %}
{%- set cases = [] %}
{%- set kinds = {"whole": whole_numbers, "decimal": decimal_numbers, "truth": truths} %}
{%- for kind, texts in kinds.items() %}
    {%- for text, value in texts.items() %}
        {%- set expected = "null" if value is none else vector_search.text_literal(value | lower) %}
        {%- do cases.append("(" ~ vector_search.literals([kind, text]) ~ ", " ~ expected ~ ")") %}
    {%- endfor %}
{%- endfor %}

with

cases as (

    select
        cell.1 as kind,
        toNullable(cell.2) as written,
        cell.3 as expected

    from (select arrayJoin([{{ cases | join(", ") }}]) as cell)

),

readings as (

    select
        kind,
        written,
        expected,
        multiIf(
            kind = 'whole', toString({{ whole_number("written") }}),
            kind = 'decimal', toString({{ decimal_number("written", -90, 90) }}),
            toString({{ truth("written") }})
        ) as actual

    from cases

)

select *
from readings
where coalesce(actual, 'null') != coalesce(expected, 'null')
