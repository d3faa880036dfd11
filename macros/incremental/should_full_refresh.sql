{#
    dbt's own macro, with one more reason for a full refresh: the table of an incremental model lacks a
    column that the model's YAML names. So the first build after an upgrade makes such a table again.
#}

{% macro should_full_refresh() -%}
    {%- if model.config.materialized == "incremental" and config.get("full_refresh") is none -%}
        {%- set existing = load_relation(this) -%}
        {%- set columns = adapter.get_columns_in_relation(existing) if existing else [] -%}
        {%- set present = columns | map(attribute="name") | list -%}
        {{ return(dbt.should_full_refresh()
            or (existing is not none and model.columns | reject("in", present) | list | length > 0)) }}
    {%- endif -%}
    {{ return(dbt.should_full_refresh()) }}
{%- endmacro %}
