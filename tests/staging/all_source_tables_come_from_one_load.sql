{# Tables of two loads side by side would count the downloads of photos that are not there. #}

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
