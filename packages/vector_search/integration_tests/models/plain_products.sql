{# A table without an index, which another macro made. #}
{{ config(materialized="table", order_by="sku") }}

select
    sku,
    price,
    embedding as vector

from {{ ref('stg_products') }}
