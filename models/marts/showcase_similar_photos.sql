{# What the gallery shows. No index serves many targets at once, so here each pair is measured. #}
{{ config(order_by=["showcase_order", "similarity_rank"]) }}

with

showcase_targets as (

    select * from {{ ref('showcase_targets') }}

),

photo_downloads as (

    select * from {{ ref('photo_downloads') }}

),

similar as (

    select
        target_photo_id,
        row_number() over (
            partition by target_photo_id
            order by distance asc, photo_id asc
        ) as similarity_rank,
        photo_id,
        distance

    from (
        {{ _nearest_photos_of_each(ref('showcase_targets')) | indent(8) }}
    )

    where photo_id != target_photo_id

    order by target_photo_id asc, similarity_rank asc

    limit 12 by target_photo_id

),

top_keywords as (

    select
        photo_id,
        arrayMap(ranked -> ranked.2, arraySort(groupArray((keyword_rank, keyword)))) as keywords

    from (
        {{ _top_keywords(5, true, "photo_id in (select photo_id from similar)") | indent(8) }}
    )

    group by photo_id

)

select
    ---------- ids
    similar.target_photo_id as target_photo_id,
    similar.photo_id as photo_id,

    ---------- text
    top_keywords.keywords as top_keywords,

    ---------- numerics
    showcase_targets.showcase_order as showcase_order,
    similar.similarity_rank as similarity_rank,
    similar.distance as distance,
    photo_downloads.count_downloads as count_downloads,

    ---------- booleans
    cast(row_number() over (
        partition by similar.target_photo_id
        order by photo_downloads.count_downloads desc, similar.similarity_rank asc
    ) = 1, 'Bool') as is_most_popular

from similar

inner join showcase_targets
    on similar.target_photo_id = showcase_targets.photo_id

left join photo_downloads
    on similar.photo_id = photo_downloads.photo_id

left join top_keywords
    on similar.photo_id = top_keywords.photo_id
