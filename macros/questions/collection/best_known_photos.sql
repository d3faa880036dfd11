{#
    The photos to begin with when nobody named any: the most downloaded and the best connected ones
    in turn. The best connected are among the ten nearest of most other photos.
#}

{% macro best_known_photos(photo_downloads, photo_neighbours, top_k=6) -%}
with

connections as (

    select
        photo_id,
        count() as count_connections

    from {{ photo_neighbours }}

    group by photo_id

),

ranked as (

    select
        photo_downloads.photo_id as photo_id,
        row_number() over (
            order by connections.count_connections desc, photo_downloads.photo_id asc
        ) as connection_rank,
        if(photo_downloads.count_downloads > 0, row_number() over (
            order by photo_downloads.count_downloads desc, photo_downloads.photo_id asc
        ), connection_rank) as download_rank

    from {{ photo_downloads }} as photo_downloads

    left join connections
        on photo_downloads.photo_id = connections.photo_id

)

select
    photo_id,
    row_number() over (
        order by least(connection_rank, download_rank) asc, photo_id asc
    ) as showcase_order

from ranked

order by showcase_order asc

limit {{ top_k }}
{%- endmacro %}
