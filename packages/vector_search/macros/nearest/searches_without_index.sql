{#
    Select statement that returns a row when no index of `relation` serves the search `search`. With
    fewer than two rows there is no search to check.
#}

{% macro searches_without_index(relation, search=none) -%}
    {%- set keys = vector_search.first_keys(relation, vector_search.searched_columns(relation).key, 2) -%}
    {%- if keys | length < 2 -%}
        {{ return("select 0 as count_uses where false") }}
    {%- endif -%}
    {%- set search = (search or vector_search.nearest(relation, to=keys[0]))
        | replace(vector_search.search_settings(), "") -%}
    {{ return(adapter.dispatch("searches_without_index", "vector_search")(search)) }}
{%- endmacro %}

{% macro default__searches_without_index(search) -%}
    {%- do vector_search.refuse_engine("searches_without_index") -%}
{%- endmacro %}

{# ClickHouse explains how it would run the search, and names the index. #}
{% macro clickhouse__searches_without_index(search) -%}
select countIf(explain like '%vector_similarity%') as count_uses

from (
    explain indexes = 1
    {{ search | indent(4) }}
)

having count_uses = 0
{%- endmacro %}

{# MyScale may not scan here, so it finds only rows that an index covers. #}
{% macro myscale__searches_without_index(search) -%}
select count() as count_found

from (
    {{ search | indent(4) }}
)

having count_found = 0

settings enable_brute_force_vector_search = 0
{%- endmacro %}
