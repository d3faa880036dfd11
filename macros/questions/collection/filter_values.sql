{# The values that photos can be filtered by, with the number of photos, most frequent first. #}

{% macro filter_values(limit=200, output="table", out=none) -%}
    {%- set limit = vector_search.require_whole_number("filter_values", "limit", limit, 1, 1000) -%}
    {%- set filters = {
        "country": "location_country",
        "orientation": "orientation",
        "camera": "camera_model",
        "year": "toString(toYear(submitted_at))",
    } -%}
    {%- set values -%}
with

counted as (
    {% for filter, expression in filters.items() %}
    select
        '{{ filter }}' as filter,
        {{ expression }} as value,
        count() as count_photos

    from {{ ref('photos') }}

    where value is not null

    group by value
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select *

from counted

order by filter asc, count_photos desc, value asc

limit {{ limit }} by filter
    {%- endset -%}
    {{ return(answer("filter_values", values, output, out)) }}
{%- endmacro %}
