{# The vectors as a whole: whether they fill the space, crowd around a few photos, or repeat. A
    figure is null if there are too few photos for it. #}

with

photos as (

    select
        photo_id,
        photo_embed

    from {{ ref('photos') }}

),

neighbours as (

    select
        photo_id,
        count() as count_occurrences

    from {{ ref('photo_neighbours') }}

    group by photo_id

),

vectors as (

    select
        count() as count_photos,
        minOrNull(L2Norm(photo_embed)) as smallest_norm,
        maxOrNull(L2Norm(photo_embed)) as largest_norm,
        if(
            count_photos > 1,
            (pow(L2Norm(sumForEach(photo_embed)), 2) - count_photos)
            / (count_photos * (count_photos - 1)),
            null
        ) as mean_cosine,
        -- a model may put all photos close together, and then different pictures are close too
        greatest(
            coalesce({{ var('near_duplicate_share') }} * (1 - mean_cosine), 0), 1e-6
        ) as near_duplicate_distance

    from photos

),

hubs as (

    select
        if(
            min(neighbours.count_occurrences) < max(neighbours.count_occurrences),
            skewPop(neighbours.count_occurrences),
            null
        ) as hubness,
        max(neighbours.count_occurrences) as largest_hub,
        if(count() > 1, avg(neighbours.count_occurrences = 0), null) as share_antihubs

    from photos

    left join neighbours
        on photos.photo_id = neighbours.photo_id

),

duplicates as (

    select avgOrNull(nearest.distance <= vectors.near_duplicate_distance) as share_near_duplicates
    from {{ ref('photo_neighbours') }} as nearest
    cross join vectors
    where nearest.similarity_rank = 1

)

select
    vectors.count_photos as count_photos,
    vectors.smallest_norm as smallest_norm,
    vectors.largest_norm as largest_norm,
    vectors.mean_cosine as mean_cosine,
    vectors.near_duplicate_distance as near_duplicate_distance,
    hubs.hubness as hubness,
    hubs.largest_hub as largest_hub,
    hubs.share_antihubs as share_antihubs,
    duplicates.share_near_duplicates as share_near_duplicates

from vectors

cross join hubs

cross join duplicates
