{{ config(order_by="cluster_id") }}

with

photo_clusters as (

    select * from {{ ref('photo_clusters') }}

),

photo_keywords as (

    select * from {{ ref('photo_keywords') }}

),

sizes as (

    select
        cluster_id,
        count() as count_photos

    from photo_clusters

    group by cluster_id

),

keywords as (

    select
        photo_clusters.cluster_id as cluster_id,
        photo_keywords.canonical_keyword as keyword,
        sum(photo_keywords.count_downloads) as count_downloads

    from photo_clusters

    inner join photo_keywords
        on photo_clusters.photo_id = photo_keywords.photo_id

    group by cluster_id, keyword

),

names as (

    select
        cluster_id,
        arraySort(groupArray((-toInt64(count_downloads), keyword))) as most_downloaded,
        arrayStringConcat(arraySlice(most_downloaded.2, 1, 3), ', ') as keywords

    from keywords

    group by cluster_id

)

select
    sizes.cluster_id as cluster_id,
    if(
        names.keywords = '', concat('cluster ', toString(sizes.cluster_id)), names.keywords
    ) as cluster_name,
    sizes.count_photos as count_photos

from sizes

left join names
    on sizes.cluster_id = names.cluster_id
