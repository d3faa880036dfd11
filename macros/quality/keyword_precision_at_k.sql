{#
    How often a photo and a neighbour share one of their five most used search words, and how often
    two random photos do. One row.
#}

{% macro keyword_precision_at_k(top_k=10, count_query_photos=500) -%}
with

query_photos as (

    select photo_id
    from {{ ref('photos') }}
    where photo_id in (select photo_keywords.photo_id from {{ ref('photo_keywords') }} as photo_keywords)
    order by cityHash64(photo_id) asc
    limit {{ count_query_photos }}

),

pairs as (

    select
        query_photo_id,
        photo_id,
        true as is_near

    from {{ ref('photo_neighbours') }}

    where
        similarity_rank <= {{ top_k }}
        and query_photo_id in (select query_photos.photo_id from query_photos)

    union all

    select
        one.photo_id as query_photo_id,
        other.photo_id as photo_id,
        false as is_near

    from query_photos as one

    cross join query_photos as other

    where one.photo_id != other.photo_id

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
        where photo_id in (select pairs.photo_id from pairs)
        order by count_downloads desc, keyword asc
        limit 5 by photo_id
    )

    group by photo_id

)

select
    avgIf(hasAny(one.keywords, other.keywords), pairs.is_near) as keyword_precision,
    avgIf(hasAny(one.keywords, other.keywords), not pairs.is_near) as random_precision

from pairs

inner join words as one
    on pairs.query_photo_id = one.photo_id

inner join words as other
    on pairs.photo_id = other.photo_id
{%- endmacro %}
