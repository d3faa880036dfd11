{# The photos that have other than neighbours_per_photo rows in `lists`, or than all other photos. #}

{% macro photos_without_all_neighbours(photos, lists) -%}
with

listed as (

    select
        query_photo_id,
        count() as count_neighbours

    from {{ lists }}

    group by query_photo_id

)

select
    photos.photo_id as photo_id,
    listed.count_neighbours as count_neighbours,
    (
        select least(count() - 1, {{ var('neighbours_per_photo') }}) from {{ ref('photos') }}
    ) as count_expected

from {{ photos }} as photos

left join listed
    on photos.photo_id = listed.query_photo_id

where count_neighbours != count_expected
{%- endmacro %}
