{# The photos of one cluster, nearest to its center first. #}

{% macro photos_of_cluster(cluster_id, top_k=48, skip=0, output="table", out=none) -%}
    {%- set cluster_id = vector_search.require_whole_number("photos_of_cluster", "cluster_id", cluster_id, 0, 65535) -%}
    {%- set top_k = vector_search.require_whole_number("photos_of_cluster", "top_k", top_k, 1, 1000) -%}
    {%- set skip = vector_search.require_whole_number("photos_of_cluster", "skip", skip, 0, 1000000000) -%}
    {%- set photos -%}
select
    photo_clusters.cluster_id as cluster_id,
    names.cluster_name as cluster_name,
    names.count_photos as count_photos,
    photo_clusters.photo_id as photo_id,
    photo_clusters.center_distance as center_distance

from {{ ref('photo_clusters') }} as photo_clusters

inner join {{ ref('photo_cluster_names') }} as names
    on photo_clusters.cluster_id = names.cluster_id

where photo_clusters.cluster_id = {{ cluster_id }}

order by center_distance asc, photo_id asc

limit {{ skip }}, {{ top_k }}
    {%- endset -%}
    {{ return(answer("photos_of_cluster", photos, output, out)) }}
{%- endmacro %}
