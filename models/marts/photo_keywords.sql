{{ config(order_by=["photo_id", "keyword"]) }}

with

photos as (

    select photo_id from {{ ref('photos') }}

),

conversions as (

    select
        searches.photo_id as photo_id,
        assumeNotNull(searches.keyword) as keyword,
        searches.added_at as added_at

    from {{ ref('conversions') }} as searches

    where searches.keyword is not null

),

downloads as (

    {{ downloads_by(["photo_id", "keyword"]) | indent(4) }}

)

select
    downloads.photo_id as photo_id,
    downloads.keyword as keyword,
    if(aliases.alias = '', downloads.keyword, aliases.keyword) as canonical_keyword,
    downloads.count_downloads as count_downloads,
    (select max(added.added_at) from {{ ref('conversions') }} as added) as counted_until

from downloads

left join {{ ref('stg_keyword_aliases') }} as aliases
    on downloads.keyword = aliases.alias
