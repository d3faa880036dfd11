{#
    Every photo of the map with its facts and neighbours, in the form that embedding-atlas reads.
    There a neighbour is the number of its row, counted from 0. So the rows must stay in this order.
#}

{% macro photo_atlas(keywords_per_photo=5, output="table", out=none) -%}
    {%- set keywords_per_photo = vector_search.require_whole_number(
        "photo_atlas", "keywords_per_photo", keywords_per_photo, 1, 1000
    ) -%}
    {%- set atlas -%}
with

numbered as (

    select
        photo_id,
        map_x,
        map_y,
        row_number() over (order by photo_id asc) - 1 as row_index

    from {{ ref('photo_map') }}

    where photo_id in (select photos.photo_id from {{ ref('photos') }} as photos)

),

neighbours as (

    select
        neighbours.query_photo_id as photo_id,
        arraySort(
            groupArray((neighbours.similarity_rank, numbered.row_index, neighbours.distance))
        ) as ranked

    from {{ ref('photo_neighbours') }} as neighbours

    inner join numbered
        on neighbours.photo_id = numbered.photo_id

    group by neighbours.query_photo_id

),

top_keywords as (

    {{ _top_keywords_in_arrays(keywords_per_photo, "true") | indent(4) }}

)

select
    numbered.photo_id as photo_id,
    coalesce(photos.photo_description, photos.ai_description) as description,
    top_keywords.top_keywords as keywords,
    photo_downloads.count_downloads as count_downloads,
    names.cluster_name as cluster_name,
    photos.photographer_name as photographer_name,
    photos.location_country as location_country,
    photos.submitted_at as submitted_at,
    photos.photo_url as photo_url,
    photos.thumbnail_sha256 as thumbnail_sha256,
    numbered.map_x as x,
    numbered.map_y as y,
    cast(
        (neighbours.ranked.2, neighbours.ranked.3),
        'Tuple(ids Array(UInt32), distances Array(Float32))'
    ) as neighbours

from numbered

inner join {{ ref('photos') }} as photos
    on numbered.photo_id = photos.photo_id

left join neighbours
    on numbered.photo_id = neighbours.photo_id

left join top_keywords
    on numbered.photo_id = top_keywords.photo_id

left join {{ ref('photo_downloads') }} as photo_downloads
    on numbered.photo_id = photo_downloads.photo_id

left join {{ ref('photo_clusters') }} as clusters
    on numbered.photo_id = clusters.photo_id

left join {{ ref('photo_cluster_names') }} as names
    on clusters.cluster_id = names.cluster_id

order by numbered.row_index asc
    {%- endset -%}
    {{ return(answer("photo_atlas", atlas, output, out)) }}
{%- endmacro %}
