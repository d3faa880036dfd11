{#
    A model and `dbt show` get the select statement back. `dbt run-operation` also runs it, and
    prints the rows or writes them to the file `out`. Engines send no column names with an empty
    answer, except for a query that ends in `limit 0`.
#}

{% macro answer(macro_name, sql, output, out=none) -%}
    {%- do vector_search.require_one_of(macro_name, "output", output, ["table", "json", "csv"]) -%}
    {%- if out is not none -%}
        {%- do vector_search.require_text(macro_name, "out", out, 4096) -%}
        {%- do vector_search.require_one_of(macro_name, "output", output, ["json", "csv"]) -%}
    {%- endif -%}
    {%- if execute and flags.WHICH == "run-operation" -%}
        {%- set rows = run_query(sql) -%}
        {%- if not rows.rows -%}
            {%- set rows = run_query("select * from (\n" ~ sql ~ "\n) limit 0") -%}
        {%- endif -%}
        {%- if out is not none -%}
            {%- set out = adapter.output_path(out) -%}
            {%- do rows.to_json(out) if output == "json" else rows.to_csv(out) -%}
            {%- do log(rows.rows | length ~ " rows in " ~ out, info=true) -%}
        {%- else -%}
            {%- do adapter.print_rows(rows, output) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(sql) }}
{%- endmacro %}

{# The answer to a question about similar photos. The settings of the search must come last. #}
{% macro search_answer(search, select) -%}
    {{ return(answer(
        search.macro_name, select ~ vector_search.search_settings(search.exact), search.output, search.out
    )) }}
{%- endmacro %}
