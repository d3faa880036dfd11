{#
    Two histograms of photos: `occurrences` counts the lists of ten nearest that a photo is in, and
    `nearest_distance` is the distance to the nearest other photo. Empty bins are left out.
#}

{% macro vector_histograms(bins=24, output="table", out=none) -%}
    {%- set bins = vector_search.require_whole_number("vector_histograms", "bins", bins, 2, 200) -%}
    {%- set histograms -%}
with

occurrences as (

    select
        photo_id,
        count() as count_occurrences

    from {{ ref('photo_neighbours') }}

    group by photo_id

),

photo_values as (

    select
        'occurrences' as histogram,
        toFloat64(occurrences.count_occurrences) as photo_value

    from {{ ref('photos') }} as photos

    left join occurrences
        on photos.photo_id = occurrences.photo_id

    union all

    select
        'nearest_distance' as histogram,
        toFloat64(distance) as photo_value

    from {{ ref('photo_neighbours') }}

    where similarity_rank = 1

),

binned as (

    select
        histogram,
        max(photo_value) over (partition by histogram) as largest,
        if(
            histogram = 'occurrences',
            ceil((largest + 1) / {{ bins }}),
            greatest(largest, 1e-9) / {{ bins }}
        ) as bin_width,
        least(floor(photo_value / bin_width), {{ bins - 1 }}) as bin

    from photo_values

)

select
    histogram,
    toUInt16(bin) as bin_number,
    bin * bin_width as bin_from,
    (bin + 1) * bin_width as bin_to,
    count() as count_photos

from binned

group by histogram, bin, bin_width

order by histogram asc, bin_number asc
    {%- endset -%}
    {{ return(answer("vector_histograms", histograms, output, out)) }}
{%- endmacro %}
