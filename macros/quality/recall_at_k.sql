{#
    The share of the true nearest photos that the index finds, for a few photos, always the same
    ones. One row. A photo that the index finds is right if it is as near as the last one of the
    scan, because several may be equally near. The share is NaN when there is only one photo.
#}

{% macro recall_at_k(top_k=10, count_query_photos=30) -%}
{%- set photo_ids = _first_photo_ids(count_query_photos) -%}
{%- set counts = namespace(nearest=0, found=0) -%}
{%- for photo_id in photo_ids -%}
    {%- set nearest = run_query(similar_photos(photo_id, top_k=top_k, exact=true)).rows -%}
    {%- set found = run_query(similar_photos(photo_id, top_k=top_k, exact=false)).rows -%}
    {%- if nearest and found -%}
        {%- set query -%}
            (select photo_embed from {{ ref('photos') }} where photo_id = {{ text_literal(photo_id) }})
        {%- endset -%}
        {%- set right -%}
            select countIf({{ exact_distance('photo_embed', query) }} <= {{ nearest[-1].distance }} + 1e-6)
            from {{ ref('photos') }}
            where photo_id in ({{ text_literals(found | map(attribute="photo_id")) }})
        {%- endset -%}
        {%- set counts.found = counts.found + run_query(right).rows[0][0] -%}
    {%- endif -%}
    {%- set counts.nearest = counts.nearest + nearest | length -%}
{%- endfor -%}
select
    toUInt64({{ photo_ids | length }}) as count_query_photos,
    toUInt64({{ counts.nearest }}) as count_nearest,
    {{ counts.found }} / {{ counts.nearest }} as recall
{%- endmacro %}

{# Empty before the table is built, so that the statement compiles, and for docs. #}
{% macro _first_photo_ids(count) -%}
    {%- set photos = ref('photos') -%}
    {%- if execute and flags.WHICH != "generate" and load_relation(photos) is not none -%}
        {%- set first = run_query(
            "select photo_id from " ~ photos ~ " order by cityHash64(photo_id) limit " ~ count
        ) -%}
        {{ return(first.rows | map(attribute=0) | list) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}
