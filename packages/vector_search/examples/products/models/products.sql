{{ config(
    materialized="vector_table",
    unique_key="sku",
    order_by="sku",
    meta={"vector_index": {"column": "embedding", "dimension": 4}},
) }}

select sku, title, price, cast(embedding as Array(Float32)) as embedding
from {{ ref('raw_products') }}
