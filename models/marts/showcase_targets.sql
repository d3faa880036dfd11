{#
    The photos that the gallery and the search page begin with. The seed `showcase_photos` names them. Where
    it names no photo of this collection, six are chosen: the most downloaded ones and the best connected
    ones in turn, which are those that are most often among the ten nearest of another photo.
#}
{{ config(order_by="showcase_order") }}

with

photo_downloads as (

    select * from {{ ref('photo_downloads') }}

),

named as (

    select
        photo_id,
        showcase_order

    from {{ ref('showcase_photos') }}

    where photo_id in (select photo_downloads.photo_id from photo_downloads)

),

connections as (

    select
        photo_id,
        count() as count_connections

    from {{ ref('photo_neighbours') }}

    group by photo_id

),

ranked as (

    select
        photo_downloads.photo_id as photo_id,
        row_number() over (
            order by connections.count_connections desc, photo_downloads.photo_id asc
        ) as connection_rank,
        if(photo_downloads.count_downloads > 0, row_number() over (
            order by photo_downloads.count_downloads desc, photo_downloads.photo_id asc
        ), connection_rank) as download_rank

    from photo_downloads

    left join connections
        on photo_downloads.photo_id = connections.photo_id

),

chosen as (

    select
        photo_id,
        row_number() over (
            order by least(connection_rank, download_rank) asc, photo_id asc
        ) as showcase_order

    from ranked

    where (select count() from named) = 0

    order by showcase_order asc

    limit 6

)

select
    photo_id,
    toUInt16(showcase_order) as showcase_order,
    true as is_named

from named

union all

select
    photo_id,
    toUInt16(showcase_order) as showcase_order,
    false as is_named

from chosen
