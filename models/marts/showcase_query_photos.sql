{#
    The photos that the pages begin with: those that the seed names, or six chosen ones if none of those is here.
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

chosen as (

    {{ best_known_photos(ref('photo_downloads'), ref('photo_neighbours')) | indent(4) }}

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
