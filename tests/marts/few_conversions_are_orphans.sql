{# One download in twenty may be of a photo that is not in the table. More is not an error,
    because it also happens when only some of the photos are embedded. #}
{{ config(severity="warn", meta={
    "finding": "{count_orphans:,} of {count_conversions:,} downloads are of photos that are not in the table photos.",
    "advice": "Ignore this if only some of the photos are embedded. Otherwise run `photo-search embed --retry-failed` and `photo-search load`.",
}) }}

with

photos as (

    select photo_id from {{ ref('photos') }}

)

select
    count() as count_conversions,
    countIf(photo_id not in (select photos.photo_id from photos)) as count_orphans

from {{ ref('conversions') }}

having count_orphans > 0.05 * count_conversions
