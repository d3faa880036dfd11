{# The model sets its vector index as it sets its columns. A vector_table goes live only when
    its index is built, and later runs append new photos. A search reads a few scattered rows. With
    small granules and blocks it reads little else, but a scan takes about a tenth longer. #}
{{ config(
    materialized="vector_table",
    unique_key="photo_id",
    order_by="photo_id",
    settings={"index_granularity": 64, "min_compress_block_size": 4096},
    meta={"vector_index": {
        "name": "photo_embed_index", "column": "photo_embed", "dimension": var("embedding_dimension")
    }},
) }}

with

photos as (

    select * from {{ ref('stg_unsplash__photos') }}

)

select * from photos
