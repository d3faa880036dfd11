{#
    Before the table is built there is nothing to check, because `dbt compile` must work on an empty
    engine. When the table is empty, the message says how to fill it.
#}

{% macro require_known_rows(relation, key, argument, keys, words) -%}
    {%- for value in keys if value is not string and (value is not number or value is boolean) -%}
        {%- do vector_search.refuse_argument(words.macro, argument, "text or a number", value) -%}
    {%- endfor -%}
    {%- if execute and load_relation(relation) is not none -%}
        {%- set found = run_query(
            "select toString(" ~ key ~ ") from " ~ relation
            ~ " where " ~ key ~ " in (" ~ vector_search.literals(keys) ~ ")"
        ).rows | map(attribute=0) | map("string") | list -%}
        {%- for value in keys if value | string not in found -%}
            {%- if vector_search.first_keys(relation, key, 1) -%}
                {%- do vector_search.refuse_argument(
                    words.macro, argument, words.row ~ " in " ~ relation ~ words.example, value
                ) -%}
            {%- elif flags.WHICH in ["run-operation", "show"] -%}
                {{ exceptions.raise_compiler_error(
                    "The table " ~ relation ~ " is empty, so there is no " ~ words.row.split(" ")[-1]
                    ~ " to search from. " ~ words.fill
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# A few keys, always the same ones. Empty before the table is built, so that statements compile, and for docs. #}
{% macro first_keys(relation, key, count) -%}
    {%- if execute and flags.WHICH != "generate" and load_relation(relation) is not none -%}
        {%- set first = run_query(
            "select " ~ key ~ " from " ~ relation ~ " order by cityHash64(" ~ key ~ ") limit " ~ count
        ) -%}
        {{ return(first.rows | map(attribute=0) | list) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}
