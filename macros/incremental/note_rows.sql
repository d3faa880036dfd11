{# Hook after a table is built: write the number of its rows into its comment, for damaged_tables(). #}

{% macro note_rows() -%}
    {%- if execute and model.config.materialized not in ["view", "ephemeral"] -%}
        {%- set comment = _comments_of([this])[0][2] -%}
        {%- set note = "dbt build: " ~ run_query("select count() from " ~ this).rows[0][0] ~ " rows" -%}
        {%- set noted = (modules.re.sub("\\s*dbt build: [0-9]+ rows$", "", comment) ~ "\n" ~ note) | trim -%}
        {%- if noted != comment -%}
            {%- do run_query(
                "alter table " ~ this ~ on_cluster_clause(this) ~ " modify comment " ~ text_literal(noted)
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
