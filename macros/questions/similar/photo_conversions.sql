{# How often each of the photos most like one photo was downloaded. A photo without downloads has 0. #}

{% macro photo_conversions(photo_id=none, top_k=10) -%}
    {%- set search = search_arguments("photo_conversions", photo_id, top_k, **kwargs) -%}
    {%- set downloads = _with_downloads(vector_search.nearest_rows(search)) -%}
    {{ return(search_answer(search, _with_most_popular(downloads))) }}
{%- endmacro %}

{% macro _with_downloads(similar) -%}
    {{ return(adapter.dispatch("with_downloads")(similar)) }}
{%- endmacro %}

{% macro default__with_downloads(similar) -%}
    {%- do vector_search.refuse_engine("with_downloads") -%}
{%- endmacro %}

{% macro clickhouse__with_downloads(similar) -%}
select
    similar.query_photo_id as query_photo_id,
    similar.similarity_rank as similarity_rank,
    similar.photo_id as photo_id,
    similar.distance as distance,
    photo_downloads.count_downloads as count_downloads

from (
    {{ similar | indent(4) }}
) as similar

left join {{ ref('photo_downloads') }} as photo_downloads
    on similar.photo_id = photo_downloads.photo_id
{%- endmacro %}

{# Looking up in memory takes less time than planning a join. #}
{% macro chdb__with_downloads(similar) -%}
select
    *,
    {{ from_memory(ref('photo_downloads'), 'count_downloads', 'photo_id') }} as count_downloads

from (
    {{ similar | indent(4) }}
)
{%- endmacro %}

{#
    The most popular of a query photo's similar photos: the most downloaded, and the most similar
    one of those that were downloaded equally often. If none was downloaded, there is none.
#}
{% macro _with_most_popular(downloads, order_by="similarity_rank") -%}
select
    *,
    cast(
        count_downloads > 0 and row_number() over (
            partition by query_photo_id
            order by count_downloads desc, similarity_rank asc
        ) = 1,
        'Bool'
    ) as is_most_popular

from (
    {{ downloads | indent(4) }}
)

order by {{ order_by }} asc
{%- endmacro %}
