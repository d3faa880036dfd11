{#
    The three ways to ask one question: a model and `dbt show` get the select statement back;
    `dbt run-operation` also runs it and prints the rows.
#}

{% macro answer(macro_name, sql, output) -%}
    {%- do require_one_of(macro_name, "output", output, ["table", "json", "csv"]) -%}
    {%- if flags.WHICH == "run-operation" -%}
        {%- set rows = run_query(sql) -%}
        {%- if output == "json" -%}
            {%- do rows.print_json() -%}
            {{ print("") }}
        {%- elif output == "csv" -%}
            {%- do rows.print_csv() -%}
        {%- else -%}
            {%- do rows.print_table(max_columns=none, max_column_width=80, max_precision=6) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(sql) }}
{%- endmacro %}
