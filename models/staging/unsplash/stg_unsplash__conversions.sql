with

source as (

    select * from {{ source('unsplash', 'conversions') }}

),

renamed as (

    select
        ---------- ids
        cityHash64(
            source.photo_id,
            coalesce(source.anonymous_user_id, ''),
            coalesce(source.conversion_type, ''),
            coalesce(source.keyword, ''),
            coalesce(source.conversion_country, ''),
            coalesce(source.device_type, ''),
            coalesce(source.search_orientation_filter, ''),
            coalesce(source.search_ordering, ''),
            coalesce(source.converted_at, '')
        ) as conversion_id,
        source.photo_id as photo_id,
        source.anonymous_user_id as anonymous_user_id,

        ---------- text
        toLowCardinality(conversion_type) as conversion_type,
        lower({{ clean_text('keyword') }}) as keyword,
        toLowCardinality(upper({{ clean_text('conversion_country') }})) as country,
        toLowCardinality(device_type) as device_type,
        toLowCardinality(search_orientation_filter) as search_orientation_filter,
        toLowCardinality(search_ordering) as search_ordering,

        ---------- timestamps
        parseDateTime64BestEffortOrZero(coalesce(converted_at, ''), 3, 'UTC') as converted_at

    from source

)

select * from renamed
