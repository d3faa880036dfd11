select *
from {{ ref('showcase_similar_photos') }}
where photo_id = target_photo_id
