{# How often each of the photos most like one photo was downloaded; 0 for those that never were. #}

{% macro photo_conversions(photo_id, top_k=10, output="table") -%}
    {%- set similar = _similar_photos("photo_conversions", photo_id, top_k) -%}
    {{ return(answer("photo_conversions", _with_downloads(similar) ~ search_settings(), output)) }}
{%- endmacro %}

{% macro _with_downloads(similar) -%}
select
    similar.target_photo_id as target_photo_id,
    similar.similarity_rank as similarity_rank,
    similar.photo_id as photo_id,
    similar.distance as distance,
    photo_downloads.count_downloads as count_downloads

from (
    {{ similar | indent(4) }}
) as similar

left join {{ ref('photo_downloads') }} as photo_downloads
    on similar.photo_id = photo_downloads.photo_id

order by target_photo_id asc, similarity_rank asc
{%- endmacro %}
