-- What do people search for more than last month, and which photos do they download? `minimum` and
-- `smoothing` leave out keywords that went from one download to two.

with

trending as (

    {{ trending_keywords(days=30, limit=10, minimum=10, smoothing=10) | indent(4) }}

)

select
    trending.trend_rank as trend_rank,
    trending.keyword as keyword,
    trending.growth as growth,
    photos.photo_id as photo_id,
    sum(photos.count_downloads) as count_keyword_downloads

from trending

inner join {{ ref('photo_keywords') }} as photos
    on trending.keyword = photos.canonical_keyword

group by trend_rank, keyword, growth, photo_id

order by trend_rank asc, count_keyword_downloads desc, photo_id asc

limit 3 by trend_rank
