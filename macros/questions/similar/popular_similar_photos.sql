{#
    Photos that are both like one photo and often downloaded. Distances and counts have no common
    scale, so this adds ranks: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).
#}

{% macro popular_similar_photos(
    photo_id=none, top_k=10, candidates=100,
    similarity_weight=1, popularity_weight=1, rank_constant=60
) -%}
    {%- set name = "popular_similar_photos" -%}
    {%- set most = vector_search.search_limits().top_k -%}
    {%- set top_k = vector_search.require_whole_number(name, "top_k", top_k, 1, most) -%}
    {%- set candidates = vector_search.require_whole_number(name, "candidates", candidates, top_k, most) -%}
    {%- set similarity_weight = vector_search.require_number(name, "similarity_weight", similarity_weight, 0, 1000) -%}
    {%- set popularity_weight = vector_search.require_number(name, "popularity_weight", popularity_weight, 0, 1000) -%}
    {%- set rank_constant = vector_search.require_number(name, "rank_constant", rank_constant, 0, 1000) -%}
    {%- set search = search_arguments(name, photo_id, candidates, **kwargs) -%}
    {#- Photos that were downloaded equally often share a popularity rank. -#}
    {%- set fused -%}
select
    row_number() over (order by score desc, similarity_rank asc) as fused_rank,
    query_photo_id,
    similarity_rank,
    popularity_rank,
    photo_id,
    distance,
    count_downloads,
    {{ similarity_weight }} / ({{ rank_constant }} + similarity_rank)
    + {{ popularity_weight }} / ({{ rank_constant }} + popularity_rank) as score

from (
    select
        *,
        rank() over (order by count_downloads desc) as popularity_rank

    from (
        {{ _with_downloads(vector_search.nearest_rows(search)) | indent(8) }}
    )
)

order by fused_rank asc

limit {{ top_k }}
    {%- endset -%}
    {{ return(search_answer(search, _with_most_popular(fused, "fused_rank"))) }}
{%- endmacro %}
