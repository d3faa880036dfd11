{#
    The column was once called count_targets. The hook renames it, since the rows of earlier builds
    cannot be measured again.
#}
{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        full_refresh=false,
        pre_hook="{% if is_incremental() %}
            alter table {{ this }} rename column if exists count_targets to count_query_photos
        {% endif %}"
    )
}}

with

photos as (

    select
        count() as count_photos,
        any(embedding_version) as embedding_version

    from {{ ref('photos') }}

),

recall as (

    {{ recall_at_k() | indent(4) }}

),

keywords as (

    {{ keyword_precision_at_k() | indent(4) }}

)

select
    now('UTC') as measured_at,
    photos.embedding_version as embedding_version,
    photos.count_photos as count_photos,
    recall.count_query_photos as count_query_photos,
    recall.recall as recall_at_10,
    keywords.keyword_precision as keyword_precision_at_10,
    keywords.random_precision as random_precision

from photos

cross join recall

cross join keywords
