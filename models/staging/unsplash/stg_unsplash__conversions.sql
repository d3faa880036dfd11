with

source as (

    select * from {{ source('unsplash', 'conversions') }}

),

renamed as (

    select
        ---------- ids
        row_hash as conversion_id,
        photo_id,
        anonymous_user_id,

        ---------- text
        conversion_type,
        lower({{ clean_text('keyword') }}) as keyword,
        upper({{ clean_text('conversion_country') }}) as country,
        device_type,
        search_orientation_filter,
        search_ordering,

        ---------- timestamps
        parseDateTime64BestEffortOrZero(coalesce(converted_at, ''), 3, 'UTC') as converted_at

    from source

)

select * from renamed
