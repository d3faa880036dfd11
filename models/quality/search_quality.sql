{{ config(materialized="incremental", incremental_strategy="append", full_refresh=false) }}

with

photos as (

    select
        count() as count_photos,
        any(embedding_version) as embedding_version

    from {{ ref('photos') }}

),

recall as (

    {{ vector_search.recall_at_k(ref('photos')) | indent(4) }}

),

keywords as (

    {{ keyword_precision_at_k() | indent(4) }}

)

select
    now('UTC') as measured_at,
    photos.embedding_version as embedding_version,
    photos.count_photos as count_photos,
    recall.count_query_rows as count_query_photos,
    recall.recall as recall_at_10,
    keywords.keyword_precision as keyword_precision_at_10,
    keywords.random_precision as random_precision

from photos

cross join recall

cross join keywords
