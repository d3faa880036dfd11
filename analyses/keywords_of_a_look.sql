-- Which words bring people to pictures that look like this one? They may help to caption a photo.
-- We add up the downloads of its hundred nearest photos by keyword.

with

similar as (

    {{ similar_photos(any_photo(), top_k=100) | indent(4) }}

)

select
    canonical_keyword as keyword,
    sum(count_downloads) as count_keyword_downloads,
    uniqExact(photo_id) as count_photos

from {{ ref('photo_keywords') }}

where photo_id in (select similar.photo_id from similar)

group by keyword

order by count_keyword_downloads desc, keyword asc

limit 20
