-- Which photos look like our most downloaded ones, but have few downloads? A neighbour within a
-- distance of 0.1, with at most a tenth of the downloads, deserves a better caption.

with

popular as (

    select
        photo_id,
        count_downloads

    from {{ ref('photo_downloads') }}

    order by count_downloads desc, photo_id asc

    limit 20

)

select
    popular.photo_id as popular_photo_id,
    popular.count_downloads as count_popular_downloads,
    neighbours.photo_id as photo_id,
    neighbours.distance as distance,
    downloads.count_downloads as count_downloads

from popular

inner join {{ ref('photo_neighbours') }} as neighbours
    on popular.photo_id = neighbours.query_photo_id

inner join {{ ref('photo_downloads') }} as downloads
    on neighbours.photo_id = downloads.photo_id

where neighbours.distance < 0.1 and downloads.count_downloads * 10 <= popular.count_downloads

order by popular.count_downloads desc, distance asc, photo_id asc
