{#
    What share of the true nearest photos a search through the index finds: one row. A few photos are
    asked about, always the same ones, each twice: by the index, and by a scan. An equally near
    photo is as good as the true one; the scan names up to 16 more for that. Where no photo has another
    beside it, the share is NaN.
#}

{% macro recall_at_k(top_k=10, photos=30) -%}
{%- set photo_ids = _first_photo_ids(photos) -%}
{%- set counts = namespace(nearest=0, found=0) -%}
{%- for photo_id in photo_ids -%}
    {%- set exact = similar_photos(photo_id, top_k=[top_k + 16, 1000] | min, exact=true) -%}
    {%- set nearest = run_query(exact).rows -%}
    {%- set farthest = nearest[:top_k] | map(attribute="distance") | map("float") | max | default(0) -%}
    {%- set answers = nearest | selectattr("distance", "le", farthest + 1e-6)
        | map(attribute="photo_id") | list -%}
    {%- set searched = similar_photos(photo_id, top_k=top_k, exact=false) -%}
    {%- set found = run_query(searched).rows | map(attribute="photo_id") -%}
    {%- set counts.nearest = counts.nearest + nearest[:top_k] | length -%}
    {%- set counts.found = counts.found + found | select("in", answers) | list | length -%}
{%- endfor -%}
select
    toUInt64({{ photo_ids | length }}) as count_targets,
    {{ counts.found }} / {{ counts.nearest }} as recall
{%- endmacro %}

{# None before the table is built, so that the statement compiles; docs need no measurement either. #}
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
