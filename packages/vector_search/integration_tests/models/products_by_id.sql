{# Another key, metric, name of the index, and a type that the model chooses for each target. #}
{{ config(
    materialized="vector_table",
    unique_key="id",
    order_by="id",
    meta={"vector_index": {
        "name": "by_id",
        "column": "embedding",
        "dimension": 4,
        "metric": "L2",
        "types": {
            "chdb": "vector_similarity('hnsw', 'L2Distance', 4, 'f32', 16, 64)",
            "clickhouse": "vector_similarity('hnsw', 'L2Distance', 4, 'f32', 16, 64)",
            "myscale": "FLAT('metric_type=L2')",
        },
    }},
) }}

select
    id,
    embedding

from {{ ref('stg_products') }}
