{# One download in twenty may be of a photo that could not be embedded. #}

with

photos as (

    select photo_id from {{ ref('photos') }}

)

select
    count() as count_conversions,
    countIf(photo_id not in (select photos.photo_id from photos)) as count_orphans

from {{ ref('conversions') }}

having count_orphans > 0.05 * count_conversions
