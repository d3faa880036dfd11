{#
    The photos of each cluster, nearest to its center first, with their places on the map. Places
    are whole numbers from the top left corner. The longer side of the map is 65535.
#}

{% macro photo_map_clusters(output="table", out=none) -%}
    {%- set clusters -%}
with

edges as (

    select
        min(map_x) as left_edge,
        max(map_y) as top_edge,
        greatest(max(map_x) - left_edge, top_edge - min(map_y), 1e-9) as longer_side

    from {{ ref('photo_map') }}

),

placed as (

    select
        photo_map.photo_id as photo_id,
        toUInt16(round(65535 * (photo_map.map_x - edges.left_edge) / edges.longer_side)) as x,
        toUInt16(round(65535 * (edges.top_edge - photo_map.map_y) / edges.longer_side)) as y

    from {{ ref('photo_map') }} as photo_map

    cross join edges

),

clusters as (

    select
        photo_clusters.cluster_id as cluster_id,
        arraySort(groupArray(
            (photo_clusters.center_distance, placed.photo_id, placed.x, placed.y)
        )) as members

    from placed

    inner join {{ ref('photo_clusters') }} as photo_clusters
        on placed.photo_id = photo_clusters.photo_id

    group by cluster_id

)

select
    clusters.cluster_id as cluster_id,
    names.cluster_name as cluster_name,
    clusters.members.2 as photo_ids,
    clusters.members.3 as xs,
    clusters.members.4 as ys

from clusters

inner join {{ ref('photo_cluster_names') }} as names
    on clusters.cluster_id = names.cluster_id

order by names.count_photos desc, cluster_id asc
    {%- endset -%}
    {{ return(answer("photo_map_clusters", clusters, output, out)) }}
{%- endmacro %}
