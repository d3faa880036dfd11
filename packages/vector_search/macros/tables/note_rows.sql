{# Hook after a table is built: write the number of its rows into its comment, for damaged_tables(). #}

{% macro note_rows() -%}
    {%- if execute and model.config.materialized not in ["view", "ephemeral"] -%}
        {%- set count_rows = run_query("select count() from " ~ this).rows[0][0] -%}
        {%- do vector_search._write_note(this, "dbt build: " ~ count_rows ~ " rows") -%}
    {%- endif -%}
{%- endmacro %}

{# Before rows are deleted: a run that stops after that leaves fewer rows, and they are not damaged. #}
{% macro forget_rows(relation) -%}
    {%- do vector_search._write_note(relation, "") -%}
{%- endmacro %}

{% macro _write_note(relation, note) -%}
    {%- set comment = vector_search._comments_of([relation])[0][2] -%}
    {%- set noted = (modules.re.sub("\\s*dbt build: [0-9]+ rows$", "", comment) ~ "\n" ~ note) | trim -%}
    {%- if noted != comment -%}
        {%- do run_query(
            "alter table " ~ relation ~ on_cluster_clause(relation) ~ " modify comment "
            ~ vector_search.text_literal(noted)
        ) -%}
    {%- endif -%}
{%- endmacro %}
