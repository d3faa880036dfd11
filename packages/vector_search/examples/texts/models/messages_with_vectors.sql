{{ config(
    materialized="vector_table",
    unique_key="id",
    order_by="id",
    meta={"vector_index": {"column": "embedding", "dimension": 256}},
) }}

with counted as (
    select
        id,
        message,
        -- how often each of 256 hashes is that of three neighbouring letters
        arrayMap(
            bucket -> arrayCount(letters -> cityHash64(letters) % 256 = bucket, ngrams(lower(message), 3)), range(256)
        ) as counts
    from {{ ref('messages') }}
)

select
    id,
    message,
    arrayMap(x -> toFloat32(x / sqrt(arraySum(y -> y * y, counts))), counts) as embedding
from counted
