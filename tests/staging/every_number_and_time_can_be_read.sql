{#
    What cannot be read is null in every table. This counts it by column of the source, with an example,
    and only warns: a few bad cells are ordinary, and the rest of their rows is good.
#}
{{ config(severity="warn") }}

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
    {%- set given = given_text("source." ~ column) -%}
    {%- do cells.append(
        "('photos." ~ column ~ "', if(staged." ~ staged ~ " is null, " ~ given ~ ", null))"
    ) -%}
{%- endfor -%}
{%- set unreadable %}
with

photo_cells as (

    select
        arrayJoin([{{ cells | join(', ') }}]) as cell

    from {{ source('unsplash', 'photos') }} as source

    inner join {{ ref('stg_unsplash__photos') }} as staged
        on source.photo_id = staged.photo_id

),

cells as (

    select
        cell.1 as column_name,
        cell.2 as unreadable_text

    from photo_cells

    union all

    select
        'conversions.converted_at' as column_name,
        {{ given_text("converted_at") }} as unreadable_text

    from {{ source('unsplash', 'conversions') }}

    where row_hash in (
        select timeless.conversion_id
        from {{ ref('conversions') }} as timeless
        where timeless.converted_at is null
    )

)

select
    column_name,
    count() as count_rows,
    substringUTF8(assumeNotNull(min(unreadable_text)), 1, 40) as example

from cells

where unreadable_text is not null

group by column_name

order by column_name asc
{% endset -%}

{%- if execute and flags.WHICH in ["build", "test"] -%}
    {%- for row in run_query(unreadable).rows -%}
        {%- do exceptions.warn(
            row[0] ~ " cannot be read in " ~ row[1] ~ (" row" if row[1] == 1 else " rows")
            ~ ", such as '" ~ row[2] ~ "', and is null there. Correct the dataset and load it again,"
            ~ " or extend the macros in macros/staging."
        ) -%}
    {%- endfor -%}
{%- endif -%}

{{ unreadable }}
