{# Sorted by photo, so the downloads of ten photos are ten short ranges of twelve million rows.
    `added_at` tells a later build what is already counted. Small blocks save memory. #}
{{ config(
    materialized="append_only_table",
    unique_key="conversion_id",
    order_by=["photo_id", "assumeNotNull(converted_at)"],
    query_settings={"max_block_size": 32768},
    meta={"period": "converted_on"},
) }}

with

conversions as (

    select * from {{ ref('stg_unsplash__conversions') }}

)

select
    ---------- ids
    conversion_id,
    photo_id,
    anonymous_user_id,

    ---------- text
    conversion_type,
    keyword,
    country,
    device_type,
    search_orientation_filter,
    search_ordering,

    ---------- timestamps
    converted_at,
    toDate32(converted_at) as converted_on,
    now64(6, 'UTC') as added_at

from conversions
