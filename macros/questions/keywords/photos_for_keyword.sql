{# The photos that were downloaded most often after a search for one keyword. #}

{% macro photos_for_keyword(keyword, top_k=10, aliases=true, output="table", out=none) -%}
    {%- do vector_search.require_text("photos_for_keyword", "keyword", keyword, 200) -%}
    {%- set top_k = vector_search.require_whole_number("photos_for_keyword", "top_k", top_k, 1, 1000) -%}
    {%- do vector_search.require_one_of("photos_for_keyword", "aliases", aliases, [true, false]) -%}
    {%- set photos -%}
select
    row_number() over (order by count_keyword_downloads desc, photo_id asc) as photo_rank,
    photo_id,
    count_keyword_downloads

from (
    select
        photo_id,
        sum(count_downloads) as count_keyword_downloads

    from {{ ref('photo_keywords') }}

    where {{ _keyword_column(aliases) }} = {{ _asked_keyword(keyword, aliases) | indent(4) }}

    group by photo_id
)

order by photo_rank asc

limit {{ top_k }}
    {%- endset -%}
    {{ return(answer("photos_for_keyword", photos, output, out)) }}
{%- endmacro %}

{% macro _keyword_column(aliases) -%}
    {{ "canonical_keyword" if aliases else "keyword" }}
{%- endmacro %}

{#
    A keyword that a person typed, folded as staging does. With aliases, it is the keyword that it
    counts as.
#}
{% macro _asked_keyword(keyword, aliases) -%}
{%- set cleaned = fold_keyword(vector_search.text_literal(keyword)) -%}
{%- if aliases -%}
(
    select if(count() = 0, {{ cleaned }}, any(keyword))
    from {{ ref('stg_keyword_aliases') }}
    where alias = {{ cleaned }}
)
{%- else -%}
{{ cleaned }}
{%- endif -%}
{%- endmacro %}
