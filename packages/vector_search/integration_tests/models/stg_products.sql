select
    id,
    sku,
    price,
    cast(embedding as Array(Float32)) as embedding,
    version

from {{ ref('products_seed') }}
