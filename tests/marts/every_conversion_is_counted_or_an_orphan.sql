{# The counts that builds add up in steps must equal one count of all conversions. #}
{{ config(meta={
    "finding": "{count_orphans:,} of {count_conversions:,} downloads are of unknown photos. Of the others, photo_downloads counts {count_in_photo_downloads:,}, and photo_keywords counts {count_in_photo_keywords:,} of {count_searches:,} with a keyword.",
    "advice": "Run `dbt build --full-refresh --select photo_downloads photo_keywords`.",
}) }}

with

photos as (

    select photo_id from {{ ref('photos') }}

),

conversions as (

    select
        count() as count_conversions,
        countIf(photo_id not in (select photos.photo_id from photos)) as count_orphans,
        countIf(
            keyword is not null and photo_id in (select photos.photo_id from photos)
        ) as count_searches

    from {{ ref('conversions') }}

),

photo_downloads as (

    select sum(count_downloads) as count_downloads from {{ ref('photo_downloads') }}

),

photo_keywords as (

    select sum(count_downloads) as count_downloads from {{ ref('photo_keywords') }}

)

select
    conversions.*,
    photo_downloads.count_downloads as count_in_photo_downloads,
    photo_keywords.count_downloads as count_in_photo_keywords

from conversions

cross join photo_downloads

cross join photo_keywords

where
    conversions.count_conversions != conversions.count_orphans + count_in_photo_downloads
    or conversions.count_searches != count_in_photo_keywords
