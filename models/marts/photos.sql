{#
    The vector index belongs to the model, like its columns: a vector_table goes live only when its
    index is built, and appends what is new. A search reads a few scattered rows: small granules and
    blocks make it read little else, for which a scan takes about a tenth longer.
#}
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
