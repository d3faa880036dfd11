{#
    The photos that the pages begin with: those that the seed names, or six chosen ones if none of those is here.
    Chosen are the most downloaded and the best connected photos in turn. The best connected are among the ten
    nearest of most other photos.
#}
{{ config(order_by="showcase_order") }}

with

named as (

    select
        photo_id,
        showcase_order

    from {{ ref('showcase_photos') }}

    where photo_id in (select downloads.photo_id from {{ ref('photo_downloads') }} as downloads)

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
        downloads.photo_id as photo_id,
        row_number() over (
            order by connections.count_connections desc, downloads.photo_id asc
        ) as connection_rank,
        if(downloads.count_downloads > 0, row_number() over (
            order by downloads.count_downloads desc, downloads.photo_id asc
        ), connection_rank) as download_rank

    from {{ ref('photo_downloads') }} as downloads

    left join connections
        on downloads.photo_id = connections.photo_id

),

chosen as (

    select
        photo_id,
        row_number() over (
            order by least(connection_rank, download_rank) asc, photo_id asc
        ) as showcase_order

    from ranked

    order by showcase_order asc

    limit 6

),

chosen_or_named as (

    select * from named
    union all
    select * from chosen
    where (select count() from named) = 0

)

select
    photo_id,
    toUInt16(showcase_order) as showcase_order,
    cast(photo_id in (select named.photo_id from named), 'Bool') as is_named

from chosen_or_named
