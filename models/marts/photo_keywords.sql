{{ config(order_by=["photo_id", "keyword"]) }}

with

conversions as (

    select *
    from {{ ref('conversions') }}
    where is_photo_known and keyword is not null

),

keyword_aliases as (

    select * from {{ ref('keyword_aliases') }}

),

counted as (

    select
        photo_id,
        assumeNotNull(keyword) as keyword,
        count() as count_downloads

    from conversions

    group by photo_id, keyword

)

select
    counted.photo_id as photo_id,
    counted.keyword as keyword,
    if(keyword_aliases.alias = '', counted.keyword, keyword_aliases.keyword) as canonical_keyword,
    counted.count_downloads as count_downloads

from counted

left join keyword_aliases
    on counted.keyword = keyword_aliases.alias
