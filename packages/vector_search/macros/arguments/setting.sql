{#
    A var of the user's project, or its default: dbt ignores the vars of a package in macros that
    models of another project call.

    vector_index_deadline_s  how long a build waits for a vector index before it gives up
    search_list_size         ClickHouse and chDB: how many candidates a search considers, 1 to 10000
    search_alpha             MyScale: how far a search looks, 1 to 4. More finds more, and is slower
#}

{% macro setting(name) -%}
    {%- set defaults = {"vector_index_deadline_s": 3600, "search_list_size": 64, "search_alpha": 3} -%}
    {{ return(var(name, defaults[name])) }}
{%- endmacro %}
