{# The most downloaded of the photos most like one photo, and the keywords that led people to it. #}

{% macro popular_keywords(photo_id=none, top_k=10, limit=5, aliases=true) -%}
    {%- set limit = vector_search.require_whole_number("popular_keywords", "limit", limit, 1, 1000) -%}
    {%- do vector_search.require_one_of("popular_keywords", "aliases", aliases, [true, false]) -%}
    {%- set search = search_arguments("popular_keywords", photo_id, top_k, **kwargs) -%}
    {%- set similar = vector_search.nearest_rows(search) -%}
    {%- set keywords -%}
with

most_popular as (

    select *

    from (
        {{ _with_most_popular(_with_downloads(similar)) | indent(8) }}
    )

    where is_most_popular

),

top_keywords as (

    {{ _top_keywords(
        limit, aliases, "photo_id in (select photo_id from most_popular)"
    ) | indent(4) }}

)

select
    most_popular.photo_id as photo_id,
    most_popular.count_downloads as count_downloads,
    top_keywords.keyword_rank as keyword_rank,
    top_keywords.keyword as keyword,
    top_keywords.count_keyword_downloads as count_keyword_downloads

from most_popular

inner join top_keywords
    on most_popular.photo_id = top_keywords.photo_id

order by keyword_rank asc
    {%- endset -%}
    {{ return(search_answer(search, keywords)) }}
{%- endmacro %}
