{#
    Keywords that lead to the same photos as one keyword, by Jaccard index: the photos that both led
    to, divided by the photos that at least one of them led to.
#}

{% macro related_keywords(
    keyword, limit=10, minimum_photos=3, aliases=true, output="table", out=none
) -%}
    {%- do vector_search.require_text("related_keywords", "keyword", keyword, 200) -%}
    {%- set limit = vector_search.require_whole_number("related_keywords", "limit", limit, 1, 1000) -%}
    {%- set minimum_photos = vector_search.require_whole_number(
        "related_keywords", "minimum_photos", minimum_photos, 1, 1000000
    ) -%}
    {%- do vector_search.require_one_of("related_keywords", "aliases", aliases, [true, false]) -%}
    {%- set asked = _asked_keyword(keyword, aliases) -%}
    {%- set related -%}
with

keyword_photos as (

    select distinct
        {{ _keyword_column(aliases) }} as keyword,
        photo_id

    from {{ ref('photo_keywords') }}

),

photos as (

    select photo_id
    from keyword_photos
    where keyword = {{ asked | indent(4) }}

),

others as (

    select
        keyword,
        count() as count_photos,
        countIf(photo_id in (select photo_id from photos)) as count_common_photos

    from keyword_photos

    where keyword != {{ asked | indent(4) }}

    group by keyword

    having count_common_photos >= {{ minimum_photos }}

)

select
    row_number() over (order by jaccard desc, keyword asc) as relation_rank,
    keyword,
    count_common_photos,
    count_photos,
    count_common_photos
        / ((select count() from photos) + count_photos - count_common_photos) as jaccard

from others

order by relation_rank asc

limit {{ limit }}
    {%- endset -%}
    {{ return(answer("related_keywords", related, output, out)) }}
{%- endmacro %}
