{# A filled table goes live under its name, in one step where there is an old one to exchange it with. #}

{% macro put_in_place(building, existing, target_relation) -%}
    {%- if existing is none -%}
        {%- do adapter.rename_relation(building, target_relation) -%}
    {%- else -%}
        {%- do exchange_tables_atomic(building, existing) -%}
        {%- do adapter.drop_relation(building) -%}
    {%- endif -%}
{%- endmacro %}
