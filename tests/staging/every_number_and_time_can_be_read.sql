{# A value that cannot be read is null in every table. This test counts such values by column of
    the source, with an example. It only warns, because a few bad cells are ordinary, and the rest
    of their rows is good. #}
{{ config(severity="warn", meta={
    "finding": "Texts that cannot be read are null: {summary}.",
    "advice": "Correct the dataset and load it again, or extend the macros in macros/staging.",
}) }}

{%- set staged_by_source = {
    "photo_featured": "is_featured",
    "photo_submitted_at": "submitted_at",
    "photo_width": "photo_width",
    "photo_height": "photo_height",
    "exif_iso": "iso",
    "photo_location_latitude": "latitude",
    "photo_location_longitude": "longitude",
    "stats_views": "count_views",
} -%}
{%- set cells = [] -%}
{%- for column, staged in staged_by_source.items() -%}
    {%- set given = given_text("written." ~ column) -%}
    {%- do cells.append(
        "('photos." ~ column ~ "', if(staged." ~ staged ~ " is null, " ~ given ~ ", null))"
    ) -%}
{%- endfor -%}
with

photo_cells as (

    select
        arrayJoin([{{ cells | join(', ') }}]) as cell

    from {{ source('unsplash', 'photos') }} as written

    inner join {{ ref('stg_unsplash__photos') }} as staged
        on written.photo_id = staged.photo_id

),

cells as (

    select
        cell.1 as source_column,
        cell.2 as unreadable_text

    from photo_cells

    union all

    select
        'conversions.converted_at' as source_column,
        {{ given_text("converted_at") }} as unreadable_text

    from {{ source('unsplash', 'conversions') }}

    where row_hash in (
        select timeless.conversion_id
        from {{ ref('conversions') }} as timeless
        where timeless.converted_at is null
    )

),

unreadable as (

    select
        source_column,
        count() as count_rows,
        substringUTF8(assumeNotNull(min(unreadable_text)), 1, 40) as example

    from cells

    where unreadable_text is not null

    group by source_column

)

select
    source_column,
    count_rows,
    example,
    arrayStringConcat(arraySort(groupArray(
        concat(source_column, ' in ', toString(count_rows), ' rows, such as "', example, '"')
    ) over ()), ', ') as summary

from unreadable

order by source_column asc
