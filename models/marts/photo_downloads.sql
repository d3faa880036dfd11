{{ config(order_by="photo_id") }}

with

photos as (

    select photo_id from {{ ref('photos') }}

),

conversions as (

    select * from {{ ref('conversions') }}

),

downloads as (

    select
        photo_id,
        count() as count_downloads

    from conversions

    group by photo_id

)

select
    photos.photo_id as photo_id,
    downloads.count_downloads as count_downloads

from photos

left join downloads
    on photos.photo_id = downloads.photo_id
