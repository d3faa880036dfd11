{#
    How often a photo and one of its nearest were found by the same search words, and how often two
    random photos were: one row. A photo's words are the five that led to it most; downloads are
    labels that nobody had to make.
#}

{% macro keyword_precision_at_k(top_k=10, photos=500) -%}
with

targets as (

    select photo_id
    from {{ ref('photos') }}
    where photo_id in (select photo_keywords.photo_id from {{ ref('photo_keywords') }} as photo_keywords)
    order by cityHash64(photo_id) asc
    limit {{ photos }}

),

neighbours as (

    select
        target_photo_id,
        photo_id

    from {{ ref('photo_neighbours') }}

    where
        similarity_rank <= {{ top_k }}
        and target_photo_id in (select targets.photo_id from targets)

),

words as (

    select
        photo_id,
        groupArray(keyword) as keywords

    from (
        select
            photo_id,
            canonical_keyword as keyword
        from {{ ref('photo_keywords') }}
        where photo_id in (
            select targets.photo_id from targets
            union all
            select neighbours.photo_id from neighbours
        )
        order by count_downloads desc, keyword asc
        limit 5 by photo_id
    )

    group by photo_id

),

near as (

    select avg(hasAny(one.keywords, other.keywords)) as keyword_precision
    from neighbours
    inner join words as one
        on neighbours.target_photo_id = one.photo_id
    inner join words as other
        on neighbours.photo_id = other.photo_id

),

random as (

    select avg(hasAny(one.keywords, other.keywords)) as random_precision
    from words as one
    cross join words as other
    where
        one.photo_id != other.photo_id
        and one.photo_id in (select targets.photo_id from targets)
        and other.photo_id in (select targets.photo_id from targets)

)

select
    near.keyword_precision as keyword_precision,
    random.random_precision as random_precision

from near

cross join random
{%- endmacro %}
