{#
    The lock of a table under construction: an empty table beside it, whose comment names the run of
    dbt that builds. If two runs create it at the same time, the server creates one of them.

    take_build_lock() says whether this run has the lock. A run that was killed leaves its lock behind,
    and the next run takes it over.
#}

{% macro take_build_lock() -%}
    {%- set create = "create table if not exists " ~ vector_search._build_lock(this)
        ~ " (run String) engine = MergeTree order by tuple() comment " ~ vector_search.text_literal(invocation_id) -%}
    {%- do run_query(create) -%}
    {%- if not vector_search.has_build_lock(this) and not vector_search.another_run_builds(model.unique_id) -%}
        {%- do run_query("drop table if exists " ~ vector_search._build_lock(this)) -%}
        {%- do run_query(create) -%}
    {%- endif -%}
    {{ return(vector_search.has_build_lock(this)) }}
{%- endmacro %}

{% macro has_build_lock(relation) -%}
    {%- set runs = vector_search._comments_of([vector_search._build_lock(relation)]) | map(attribute=2) -%}
    {{ return(invocation_id in runs) }}
{%- endmacro %}

{% macro release_build_lock(relation) -%}
    {%- if vector_search.has_build_lock(relation) -%}
        {%- do run_query("drop table " ~ vector_search._build_lock(relation)) -%}
    {%- endif -%}
{%- endmacro %}

{% macro _build_lock(relation) -%}
    {{ return(api.Relation.create(
        schema=relation.schema, identifier=relation.identifier ~ "__dbt_lock", type="table"
    )) }}
{%- endmacro %}
