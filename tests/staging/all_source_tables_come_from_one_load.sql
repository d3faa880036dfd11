{# Tables of two different loads would count downloads of photos that are not there. #}
{{ config(meta={
    "finding": "The source tables come from {count_loads} runs of `photo-search load`.",
    "advice": "Run `photo-search load` again. It replaces all of them at once.",
}) }}

with

loads as (

    select load_id from {{ source('unsplash', 'photos') }}
    union all
    select load_id from {{ source('unsplash', 'conversions') }}
    union all
    select load_id from {{ source('unsplash', 'photo_failures') }}

)

select uniqExact(load_id) as count_loads
from loads
having count_loads > 1
