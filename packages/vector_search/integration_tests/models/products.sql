{{ config(
    materialized="vector_table",
    unique_key="sku",
    order_by="sku",
    meta={"vector_index": {"column": "embedding", "dimension": 4}},
) }}

select * from {{ ref('stg_products') }}
