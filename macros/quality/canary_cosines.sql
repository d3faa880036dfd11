{#
    How near each photo of the seed canary_vectors is to what it was; those of photos or of an embedding
    version that are not in `photos` left out.
#}

{% macro canary_cosines(photos) -%}
select
    canaries.photo_id as photo_id,
    canaries.embedding_version as embedding_version,
    1 - cosineDistance(
        cast(canaries.photo_embed, 'Array(Float32)'), photos.photo_embed
    ) as cosine

from {{ ref('canary_vectors') }} as canaries

inner join {{ photos }} as photos
    on
        canaries.photo_id = photos.photo_id
        and canaries.embedding_version = photos.embedding_version
{%- endmacro %}
