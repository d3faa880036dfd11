with

conversions as (

    select
        count() as count_conversions,
        countIf(not is_photo_known) as count_orphans

    from {{ ref('conversions') }}

),

photo_downloads as (

    select sum(count_downloads) as count_downloads from {{ ref('photo_downloads') }}

)

select
    conversions.count_conversions,
    conversions.count_orphans,
    photo_downloads.count_downloads

from conversions

cross join photo_downloads

where conversions.count_conversions != conversions.count_orphans + photo_downloads.count_downloads
