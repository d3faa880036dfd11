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
        lower({{ clean_text('conversion_type') }}) as conversion_type,
        {{ fold_keyword('keyword') }} as keyword,
        upper({{ clean_text('conversion_country') }}) as country,
        lower({{ clean_text('device_type') }}) as device_type,
        lower({{ clean_text('search_orientation_filter') }}) as search_orientation_filter,
        lower({{ clean_text('search_ordering') }}) as search_ordering,

        ---------- timestamps
        {{ moment('converted_at', 3) }} as converted_at

    from source

)

select * from renamed
