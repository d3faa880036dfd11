-- A customer likes one photo. Which other photos with a known place can we offer? Replace
-- any_photo() with the id of your photo. Filters never shorten the answer.

with

similar as (

    {{ similar_photos(
        any_photo(), top_k=50, filters={"location_country": {"not": none}}
    ) | indent(4) }}

)

select
    similar.similarity_rank as similarity_rank,
    similar.distance as distance,
    photos.photo_id as photo_id,
    photos.photographer_name as photographer_name,
    photos.location_country as location_country,
    photos.photo_url as photo_url

from similar

inner join {{ ref('photos') }} as photos
    on similar.photo_id = photos.photo_id

order by similarity_rank asc
