{# Give a filled table its name. If a table has the name already, the two are exchanged in one step. #}

{% macro put_in_place(building, existing, target_relation) -%}
    {%- if existing is none -%}
        {%- do adapter.rename_relation(building, target_relation) -%}
    {%- else -%}
        {%- do exchange_tables_atomic(building, existing) -%}
        {%- if existing.type == "dictionary" -%}
            {%- do drop_dictionary_if_exists(building.incorporate(type="dictionary"), on_cluster_clause(building)) -%}
        {%- else -%}
            {%- do adapter.drop_relation(building) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
