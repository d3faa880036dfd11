{# Each photo has as many neighbours as the var neighbours_per_photo says, or all other photos
    if there are fewer. #}
{{ config(meta={
    "finding": "{failures:,} photos have other than {count_expected} rows in photo_neighbours, among them {photo_id}.",
    "advice": "Run `dbt build --full-refresh --select photo_neighbours`.",
}) }}

with

neighbours as (

    select
        query_photo_id,
        count() as count_neighbours

    from {{ ref('photo_neighbours') }}

    group by query_photo_id

)

select
    photos.photo_id as photo_id,
    neighbours.count_neighbours as count_neighbours,
    (
        select least(count() - 1, {{ var('neighbours_per_photo') }}) from {{ ref('photos') }}
    ) as count_expected

from {{ ref('photos') }} as photos

left join neighbours
    on photos.photo_id = neighbours.query_photo_id

where count_neighbours != count_expected
