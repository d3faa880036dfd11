{# The most downloaded of the photos most like one photo, and the keywords that led people to it. #}

{% macro popular_keywords(photo_id=none, top_k=10, limit=5, aliases=true) -%}
    {%- set limit = require_whole_number("popular_keywords", "limit", limit, 1, 1000) -%}
    {%- do require_one_of("popular_keywords", "aliases", aliases, [true, false]) -%}
    {%- set search = search_arguments("popular_keywords", photo_id, top_k, **kwargs) -%}
    {%- set similar = _similar_photos(search) -%}
    {{ return(search_answer(search, _keywords_of_the_most_popular(similar, limit, aliases))) }}
{%- endmacro %}

{% macro _keywords_of_the_most_popular(similar, limit, aliases) -%}
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
{%- endmacro %}

{# The `limit` most used keywords of each photo. With aliases, `bees` counts as `bee`. #}
{% macro _top_keywords(limit, aliases, condition=none) -%}
select
    photo_id,
    {{ _keyword_column(aliases) }} as keyword,
    sum(count_downloads) as count_keyword_downloads,
    row_number() over (
        partition by photo_id
        order by count_keyword_downloads desc, keyword asc
    ) as keyword_rank

from {{ ref('photo_keywords') }}

{% if condition -%}
where {{ condition }}

{% endif -%}
group by photo_id, keyword

order by photo_id asc, keyword_rank asc

limit {{ limit }} by photo_id
{%- endmacro %}
