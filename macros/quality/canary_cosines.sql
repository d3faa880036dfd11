{#
    The cosine between each photo's vector now and in the seed canary_vectors. Photos and embedding
    versions that are not in `photos` are left out.
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
