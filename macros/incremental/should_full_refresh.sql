{#
    dbt's own macro, with one more reason for a full refresh: the table of an incremental model lacks a
    column that the model's YAML names. So the first build after an upgrade makes such a table again.
#}

{% macro should_full_refresh() -%}
    {{ return(dbt.should_full_refresh() or _lacks_a_column()) }}
{%- endmacro %}

{% macro _lacks_a_column() -%}
    {%- set is_asked = model.config.materialized == "incremental" and config.get("full_refresh") is none -%}
    {%- set existing = load_relation(this) if is_asked else none -%}
    {%- if existing is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set present = adapter.get_columns_in_relation(existing) | map(attribute="name") | list -%}
    {{ return(model.columns | reject("in", present) | list | length > 0) }}
{%- endmacro %}
