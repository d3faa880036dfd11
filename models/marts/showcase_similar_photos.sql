{# What the gallery shows. No index serves many targets at once, so here each pair is measured. #}
{{ config(order_by=["showcase_order", "similarity_rank"]) }}

with

showcase_photos as (

    select * from {{ ref('showcase_photos') }}

),

similar as (

    {{ _with_downloads(
        _ranked_photos(_nearest_photos_of_each(ref('showcase_photos')), 12)
    ) | indent(4) }}

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
    showcase_photos.showcase_order as showcase_order,
    similar.similarity_rank as similarity_rank,
    similar.distance as distance,
    similar.count_downloads as count_downloads,

    ---------- booleans
    cast(row_number() over (
        partition by similar.target_photo_id
        order by similar.count_downloads desc, similar.similarity_rank asc
    ) = 1, 'Bool') as is_most_popular

from similar

inner join showcase_photos
    on similar.target_photo_id = showcase_photos.photo_id

left join top_keywords
    on similar.photo_id = top_keywords.photo_id
