{{ config(meta={
    "finding": "{failures} showcase photos are among the photos most like them, such as {photo_id}.",
    "advice": "Run `dbt build --full-refresh --select photos+`.",
}) }}

select *
from {{ ref('showcase_similar_photos') }}
where photo_id = query_photo_id
