{#
    The vector index belongs to the model, like its columns: a vector_table goes live only when its
    index is built, and appends what is new. A search reads a few scattered rows, of 2 kB each: small
    granules make it read little else, and cost a scan nothing.
#}
{{ config(
    materialized="vector_table",
    unique_key="photo_id",
    order_by="photo_id",
    settings={"index_granularity": 64},
    vector_index={"name": "photo_embed_index", "column": "photo_embed", "dimension": 512},
) }}

with

photos as (

    select * from {{ ref('stg_unsplash__photos') }}

)

select * from photos
