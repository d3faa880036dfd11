{# A showcase photo that has no embedding would be missing from the page without a word. #}

select photo_id
from {{ ref('showcase_photos') }}
except
select target_photo_id
from {{ ref('showcase_similar_photos') }}
