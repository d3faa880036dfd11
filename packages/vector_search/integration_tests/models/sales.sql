{{ config(
    materialized="append_only_table",
    unique_key="row_hash",
    order_by="day",
    meta={"period": "day"},
) }}

select
    toDate(day) as day,
    sku,
    quantity,
    cityHash64(day, sku, quantity) as row_hash

from {{ ref('sales_seed') }}
