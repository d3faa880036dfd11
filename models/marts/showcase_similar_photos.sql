{# What the gallery shows: the neighbours of the showcase photos. #}
{{ config(order_by=["showcase_order", "similarity_rank"]) }}

with

showcase_query_photos as (

    select * from {{ ref('showcase_query_photos') }}

),

photo_neighbours as (

    select * from {{ ref('photo_neighbours') }}

),

photo_downloads as (

    select * from {{ ref('photo_downloads') }}

),

neighbours as (

    select
        photo_neighbours.query_photo_id as query_photo_id,
        photo_neighbours.photo_id as photo_id,
        showcase_query_photos.showcase_order as showcase_order,
        photo_neighbours.similarity_rank as similarity_rank,
        photo_neighbours.distance as distance,
        photo_downloads.count_downloads as count_downloads

    from photo_neighbours

    inner join showcase_query_photos
        on photo_neighbours.query_photo_id = showcase_query_photos.photo_id

    left join photo_downloads
        on photo_neighbours.photo_id = photo_downloads.photo_id

),

similar as (

    {{ _with_most_popular("select * from neighbours") | indent(4) }}

),

top_keywords as (

    {{ _top_keywords_in_arrays(5, "photo_id in (select photo_id from neighbours)") | indent(4) }}

)

select
    ---------- ids
    similar.query_photo_id as query_photo_id,
    similar.photo_id as photo_id,

    ---------- text
    top_keywords.top_keywords as top_keywords,

    ---------- numerics
    similar.showcase_order as showcase_order,
    similar.similarity_rank as similarity_rank,
    similar.distance as distance,
    similar.count_downloads as count_downloads,

    ---------- booleans
    similar.is_most_popular as is_most_popular

from similar

left join top_keywords
    on similar.photo_id = top_keywords.photo_id
