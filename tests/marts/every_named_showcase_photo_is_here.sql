{# The gallery leaves out a photo of the seed that is not in the collection. If none is in it,
    the seed belongs to another collection, and showcase_query_photos chooses other photos. #}
{{ config(severity="warn", meta={
    "finding": "{failures} photos of seeds/showcase_photos.csv are not in this collection, among them {photo_id}.",
    "advice": "Name other photos in the seed, or embed these. The gallery leaves them out.",
}) }}

with

named as (

    select photo_id
    from {{ ref('showcase_query_photos') }}
    where is_named

)

select seed.photo_id as photo_id

from {{ ref('showcase_photos') }} as seed

where
    seed.photo_id not in (select named.photo_id from named)
    and (select count() from named) > 0
