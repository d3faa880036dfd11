{# At most one photo in twenty may fail. Dead links are ordinary, but a blocked network or a
    wrong option is not. #}
{{ config(severity="warn", meta={
    "finding": "{count_failures:,} photos could not be read, and {count_photos:,} could.",
    "advice": "The table photo_failures has the reason of each. `photo-search embed --retry-failed` tries them again.",
}) }}

with

photos as (

    select count() as count_photos from {{ source('unsplash', 'photos') }}

),

failures as (

    select count() as count_failures from {{ source('unsplash', 'photo_failures') }}

)

select
    photos.count_photos,
    failures.count_failures

from photos

cross join failures

where failures.count_failures > 0.05 * (photos.count_photos + failures.count_failures)
