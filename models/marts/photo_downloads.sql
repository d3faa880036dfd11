{{ config(
    order_by="photo_id",
    post_hook="{{ keep_in_memory('count_downloads', 'UInt64') }}",
) }}

with

photos as (

    select photo_id from {{ ref('photos') }}

),

conversions as (

    select * from {{ ref('conversions') }}

),

downloads as (

    {{ downloads_by(["photo_id"]) | indent(4) }}

)

select
    photos.photo_id as photo_id,
    downloads.count_downloads as count_downloads,
    (select max(conversions.added_at) from conversions) as counted_until

from photos

left join downloads
    on photos.photo_id = downloads.photo_id
