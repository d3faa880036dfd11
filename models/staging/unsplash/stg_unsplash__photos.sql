with

source as (

    select * from {{ source('unsplash', 'photos') }}

),

renamed as (

    select
        ---------- ids
        photo_id,

        ---------- text
        photo_url,
        photo_image_url,
        {{ clean_text('photo_description') }} as photo_description,
        {{ clean_text('ai_description') }} as ai_description,
        {{ clean_text('photographer_username') }} as photographer_username,
        {{ clean_text(
            "arrayStringConcat([photographer_first_name, photographer_last_name], ' ')"
        ) }} as photographer_name,
        {{ clean_text('exif_camera_make') }} as camera_make,
        {{ clean_text('exif_camera_model') }} as camera_model,
        {{ clean_text('exif_aperture_value') }} as aperture,
        {{ clean_text('exif_focal_length') }} as focal_length,
        {{ clean_text('exif_exposure_time') }} as exposure_time,
        {{ clean_text('photo_location_name') }} as location_name,
        {{ clean_text('photo_location_country') }} as location_country,
        {{ clean_text('photo_location_city') }} as location_city,
        {{ clean_text('ai_primary_landmark_name') }} as landmark_name,
        blur_hash,
        multiIf(  -- the numbers of the columns below, not the text of the source
            photo_width > photo_height, 'landscape',
            photo_width < photo_height, 'portrait',
            photo_width = photo_height, 'square',
            null
        ) as orientation,

        ---------- numerics
        {{ whole_number('photo_width') }} as photo_width,
        {{ whole_number('photo_height') }} as photo_height,
        {{ whole_number('exif_iso') }} as iso,
        {{ decimal_number('photo_location_latitude', -90, 90) }} as latitude,
        {{ decimal_number('photo_location_longitude', -180, 180) }} as longitude,
        {{ whole_number('stats_views', 'UInt64') }} as count_views,

        ---------- booleans
        {{ truth('photo_featured') }} as is_featured,

        ---------- timestamps
        {{ moment('photo_submitted_at', 6) }} as submitted_at,

        ---------- thumbnails
        thumbnail_url,
        thumbnail_sha256,
        thumbnail_width,
        thumbnail_height,

        ---------- vectors
        photo_embed,
        embedding_version

    from source

)

select * from renamed
