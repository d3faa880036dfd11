{# Each photo that the gallery begins with has all its neighbours, or all other photos if there
    are fewer. #}
{{ config(meta={
    "finding": "{failures} showcase photos have other than {count_expected} similar photos, among them {photo_id}.",
    "advice": "Run `dbt build --select +showcase_similar_photos`.",
}) }}

with

similar as (

    select
        query_photo_id,
        count() as count_similar

    from {{ ref('showcase_similar_photos') }}

    group by query_photo_id

)

select
    showcase.photo_id as photo_id,
    similar.count_similar as count_similar,
    (
        select least(count() - 1, {{ var('neighbours_per_photo') }}) from {{ ref('photos') }}
    ) as count_expected

from {{ ref('showcase_query_photos') }} as showcase

left join similar
    on showcase.photo_id = similar.query_photo_id

where count_similar != count_expected
