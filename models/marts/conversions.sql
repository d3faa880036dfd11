{# Sorted by photo: the downloads of ten photos are ten short ranges of twelve million rows. #}
{{ config(order_by=["photo_id", "converted_at"]) }}

with

conversions as (

    select * from {{ ref('stg_unsplash__conversions') }}

),

photos as (

    select photo_id from {{ ref('photos') }}

)

select
    ---------- ids
    conversions.photo_id as photo_id,
    conversions.anonymous_user_id as anonymous_user_id,

    ---------- text
    conversions.conversion_type as conversion_type,
    conversions.keyword as keyword,
    conversions.country as country,
    conversions.device_type as device_type,
    conversions.search_orientation_filter as search_orientation_filter,
    conversions.search_ordering as search_ordering,

    ---------- booleans
    conversions.photo_id in (select photos.photo_id from photos) as is_photo_known,

    ---------- timestamps
    conversions.converted_at as converted_at

from conversions
